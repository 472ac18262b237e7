import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import { addDays, startOfDay } from '../../db/local-day.ts';
import type { Tables } from '../../db/tables.ts';
import { countEach } from './figures.ts';
import { atSites, dayOfScope, onDay, type DayScope, type Scope } from './scope.ts';

export const openStatuses = ['NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED'] as const;
export const priorities = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;

export interface OpenTickets {
  open: number;
  overdue: number;
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
export function openTickets(scope: DayScope, db: Kysely<Tables>): Expression<OpenTickets> {
  const endOfDay = startOfDay(addDays(dayOfScope(scope), 1), scope.timeZone);
  const isOverdue = sql`tickets.status <> 'RESOLVED' and tickets.due_at < least(${scope.now}::timestamptz, ${endOfDay})`;
  return db
    .selectFrom('tickets')
    .where('tickets.closed_at', 'is', null)
    .where(atSites(scope, 'tickets.site_id'))
    .select(
      sql<OpenTickets>`jsonb_build_object(
        'open', count(*),
        'overdue', count(*) filter (where ${isOverdue}),
        'unassigned', count(*) filter (where tickets.assignee_id is null),
        'byStatus', ${countEach('tickets.status', openStatuses)},
        'byPriority', ${countEach('tickets.priority', priorities)}
      )`.as('value'),
    ) as never;
}

export function openByCategory(scope: Scope, db: Kysely<Tables>): Expression<CategoryCount[]> {
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
  scope: Scope,
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

function countTickets(scope: Scope, db: Kysely<Tables>, condition: RawBuilder<boolean>): Expression<number> {
  return db
    .selectFrom('tickets')
    .where(condition)
    .where(atSites(scope, 'tickets.site_id'))
    .select(sql<number>`count(*)`.as('value')) as never;
}
