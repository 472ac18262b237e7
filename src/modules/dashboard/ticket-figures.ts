import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { countEach, pastDue, type PastDue } from './figures.ts';
import { atSites, endOfDay, onDay, type DayScope, type SitesScope } from './scope.ts';

export const openStatuses = ['NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED'] as const;
export const priorities = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;

export interface OpenTickets {
  open: number;
  unassigned: number;
  byStatus: Record<(typeof openStatuses)[number], number>;
  byPriority: Record<(typeof priorities)[number], number>;
}

export interface CategoryCount {
  key: string;
  label: string;
  count: number;
}

/** What is still to be done, in one pass over the index of tickets that are not closed. */
export function openTickets(scope: SitesScope, db: Kysely<Tables>): Expression<OpenTickets> {
  return db
    .selectFrom('tickets')
    .where('tickets.closed_at', 'is', null)
    .where(atSites(scope, 'tickets.site_id'))
    .select(
      sql<OpenTickets>`jsonb_build_object(
        'open', count(*),
        'unassigned', count(*) filter (where tickets.assignee_id is null),
        'byStatus', ${countEach('tickets.status', openStatuses)},
        'byPriority', ${countEach('tickets.priority', priorities)}
      )`.as('value'),
    ) as never;
}

/** Apart from the other open ones: those do not change by themselves. */
export function overdueTickets(scope: DayScope, db: Kysely<Tables>, at: Date): Expression<PastDue> {
  return db
    .selectFrom('tickets')
    .where('tickets.closed_at', 'is', null)
    .where('tickets.status', '<>', 'RESOLVED')
    .where('tickets.due_at', '<', endOfDay(scope))
    .where(atSites(scope, 'tickets.site_id'))
    .select(pastDue('tickets.due_at', at).as('value')) as never;
}

export function openByCategory(scope: SitesScope, db: Kysely<Tables>): Expression<CategoryCount[]> {
  return countByCategory(scope, db, sql<boolean>`tickets.closed_at is null`);
}

export function createdOnDay(scope: DayScope, db: Kysely<Tables>): Expression<number> {
  return countTickets(scope, db, onDay(scope, 'tickets.created_at'));
}

export function closedOnDay(scope: DayScope, db: Kysely<Tables>): Expression<number> {
  return countTickets(scope, db, onDay(scope, 'tickets.closed_at'));
}

/** How many of the tickets that meet a condition each category has, most first; without one: key `none`. */
export function countByCategory(
  scope: SitesScope,
  db: Kysely<Tables>,
  condition: RawBuilder<boolean>,
): Expression<CategoryCount[]> {
  const counted = db
    .selectFrom('tickets')
    .where(condition)
    .where(atSites(scope, 'tickets.site_id'))
    .groupBy('tickets.category_id')
    .select(['tickets.category_id', sql<number>`count(*)`.as('count')]);
  return db
    .selectFrom(counted.as('counted'))
    .leftJoin('choices as category', 'category.id', 'counted.category_id')
    .select(
      sql<CategoryCount[]>`coalesce(jsonb_agg(
        jsonb_build_object(
          'key', coalesce(category.key, 'none'),
          'label', coalesce(category.label, 'No category'),
          'count', counted.count
        ) order by counted.count desc, coalesce(category.key, 'none') collate "C", counted.category_id
      ), '[]')`.as('value'),
    ) as never;
}

function countTickets(scope: SitesScope, db: Kysely<Tables>, condition: RawBuilder<boolean>): Expression<number> {
  return db
    .selectFrom('tickets')
    .where(condition)
    .where(atSites(scope, 'tickets.site_id'))
    .select(sql<number>`count(*)`.as('value')) as never;
}
