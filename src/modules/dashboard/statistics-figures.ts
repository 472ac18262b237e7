import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import { addDays, dayOf } from '../../db/local-day.ts';
import { reading } from '../../db/reads/declared-reads.ts';
import type { Tables } from '../../db/tables.ts';
import { countEach, pastDue, type PastDue } from './figures.ts';
import { atSites, between, type Scope } from './scope.ts';
import { countByCategory, type CategoryCount } from './ticket-figures.ts';

export const sources = ['PORTAL', 'EMAIL', 'PHONE', 'CHAT', 'MONITORING', 'IMPORT'] as const;

export interface WindowScope extends Scope {
  /** The last calendar day, `2026-11-20`. */
  readonly today: string;
  /** How many calendar days at the tenant, today included. */
  readonly days: number;
}

export interface OpenedTickets {
  count: number;
  bySource: Record<(typeof sources)[number], number>;
}

export interface ClosedTickets {
  count: number;
  meanResolutionHours: number | null;
}

export interface AgentCount {
  personId: string | null;
  opened: number;
  closed: number;
}

export interface DayCount {
  day: string;
  opened: number;
  closed: number;
}

export function openedInWindow(scope: WindowScope, db: Kysely<Tables>): Expression<OpenedTickets> {
  return db
    .selectFrom('tickets')
    .where(inWindow(scope, 'tickets.created_at'))
    .where(atSites(scope, 'tickets.site_id'))
    .select(
      sql<OpenedTickets>`jsonb_build_object('count', count(*), 'bySource', ${countEach('tickets.source', sources)})`.as(
        'value',
      ),
    ) as never;
}

export function closedInWindow(scope: WindowScope, db: Kysely<Tables>): Expression<ClosedTickets> {
  const resolved = sql`coalesce(tickets.resolved_at, tickets.closed_at)`;
  return db
    .selectFrom('tickets')
    .where(inWindow(scope, 'tickets.closed_at'))
    .where(atSites(scope, 'tickets.site_id'))
    .select(
      sql<ClosedTickets>`jsonb_build_object(
        'count', count(*),
        'meanResolutionHours', avg(extract(epoch from ${resolved} - tickets.created_at)) / 3600
      )`.as('value'),
    ) as never;
}

/** A promise is broken when its due time passes, so that is the moment which must lie in the window. */
export function brokenPromises(scope: WindowScope, db: Kysely<Tables>, at: Date): Expression<PastDue> {
  const resolved = sql`coalesce(tickets.resolved_at, tickets.closed_at)`;
  return db
    .selectFrom('tickets')
    .where(inWindow(scope, 'tickets.due_at'))
    .where(sql<boolean>`(${resolved} is null or ${resolved} > tickets.due_at)`)
    .where(atSites(scope, 'tickets.site_id'))
    .select(pastDue('tickets.due_at', at).as('value')) as never;
}

export function openedByCategory(scope: WindowScope, db: Kysely<Tables>): Expression<CategoryCount[]> {
  return countByCategory(scope, db, inWindow(scope, 'tickets.created_at'));
}

export function byAgent(scope: WindowScope, db: Kysely<Tables>): Expression<AgentCount[]> {
  const [opened, closed] = [inWindow(scope, 'tickets.created_at'), inWindow(scope, 'tickets.closed_at')];
  const counted = db
    .selectFrom('tickets')
    .where(sql<boolean>`(${opened} or ${closed})`)
    .where(atSites(scope, 'tickets.site_id'))
    .groupBy('tickets.assignee_id')
    .select([
      'tickets.assignee_id',
      sql<number>`count(*) filter (where ${opened})`.as('opened'),
      sql<number>`count(*) filter (where ${closed})`.as('closed'),
    ]);
  return db.selectFrom(counted.as('counted')).select(
    sql<AgentCount[]>`coalesce(jsonb_agg(
        jsonb_build_object('personId', counted.assignee_id, 'opened', counted.opened, 'closed', counted.closed)
        order by counted.opened desc, counted.closed desc, counted.assignee_id
      ), '[]')`.as('value'),
  ) as never;
}

export function dailyTrend(scope: WindowScope, db: Kysely<Tables>): Expression<DayCount[]> {
  const perDay = (column: 'tickets.created_at' | 'tickets.closed_at') =>
    db
      .selectFrom('tickets')
      .where(inWindow(scope, column))
      .where(atSites(scope, 'tickets.site_id'))
      .groupBy(sql`1`)
      .select([dayOf(sql.ref(column), scope.timeZone).as('day'), sql<number>`count(*)`.as('count')]);
  const trend = sql<DayCount[]>`
    select jsonb_agg(
      jsonb_build_object('day', series.day, 'opened', coalesce(opened.count, 0), 'closed', coalesce(closed.count, 0))
      order by series.day
    )
    from (
      select ${firstDay(scope)} + step as day from generate_series(0, ${scope.days}::integer - 1) as step
    ) as series
    left join (${perDay('tickets.created_at')}) as opened on opened.day = series.day
    left join (${perDay('tickets.closed_at')}) as closed on closed.day = series.day`;
  return reading([], trend); // of itself it reads nothing: its parts say what they read
}

function firstDay({ today, days }: WindowScope): RawBuilder<string> {
  return addDays(today, 1 - days);
}

function inWindow(scope: WindowScope, column: string): RawBuilder<boolean> {
  return between(scope, column, [firstDay(scope), addDays(scope.today, 1)]);
}
