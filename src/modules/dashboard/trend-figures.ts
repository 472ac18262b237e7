import { sql, type Expression, type Kysely, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import { dayOf } from '../../db/local-day.ts';
import type { Tables } from '../../db/tables.ts';
import { atSites, between, type Scope } from './scope.ts';

export interface MonthsScope extends Scope {
  /** The running month at the tenant, `2026-11`. */
  readonly thisMonth: string;
  /** How many calendar months at the tenant, the running one included. */
  readonly months: number;
}

/** What each month counts, by the month's name: `{ "2026-11": 12 }`; months without any are left out. */
export type PerMonth<Value> = Record<string, Value>;

export interface ExpectedPeople {
  came: number;
  absent: number;
}

/** `["2026-10", "2026-11"]`, oldest first. */
export function monthsOf(scope: MonthsScope): string[] {
  return Array.from({ length: scope.months }, (_, step) => monthsLater(scope, 1 - scope.months + step));
}

export function openedPerMonth(scope: MonthsScope, db: Kysely<Tables>): Expression<PerMonth<number>> {
  return ticketsPerMonth(scope, db, 'tickets.created_at');
}

export function closedPerMonth(scope: MonthsScope, db: Kysely<Tables>): Expression<PerMonth<number>> {
  return ticketsPerMonth(scope, db, 'tickets.closed_at');
}

export function attendancePerMonth(scope: MonthsScope, db: Kysely<Tables>): Expression<PerMonth<ExpectedPeople>> {
  const [from, to] = range(scope);
  const counted = db
    .selectFrom('attendance')
    .where('attendance.day', '>=', from)
    .where('attendance.day', '<', to)
    .where(atSites(scope, 'attendance.site_id'))
    .groupBy('attendance.day')
    .select([
      'attendance.day',
      sql<number>`count(*) filter (where attendance.status in ('PRESENT', 'LATE'))`.as('came'),
      sql<number>`count(*) filter (where attendance.status = 'ABSENT')`.as('absent'),
    ]);
  return gatherMonths(
    db,
    db
      .selectFrom(counted.as('counted'))
      .groupBy(sql`1`)
      .select([
        monthOf(sql.ref('counted.day')).as('month'),
        sql`jsonb_build_object('came', sum(counted.came), 'absent', sum(counted.absent))`.as('value'),
      ]),
  );
}

function ticketsPerMonth(
  scope: MonthsScope,
  db: Kysely<Tables>,
  column: 'tickets.created_at' | 'tickets.closed_at',
): Expression<PerMonth<number>> {
  const counted = db
    .selectFrom('tickets')
    .where(between(scope, column, range(scope)))
    .where(atSites(scope, 'tickets.site_id'))
    .groupBy(sql`1`)
    .select([dayOf(sql.ref(column), scope.timeZone).as('day'), sql<number>`count(*)`.as('count')]);
  return gatherMonths(
    db,
    db
      .selectFrom(counted.as('counted'))
      .groupBy(sql`1`)
      .select([monthOf(sql.ref('counted.day')).as('month'), sql`sum(counted.count)`.as('value')]),
  );
}

/** Months are made of days that are counted already: to name the month of every row would take most of the time. */
function monthOf(day: RawBuilder<unknown>): RawBuilder<string> {
  return sql<string>`to_char(${day}, 'YYYY-MM')`;
}

function gatherMonths<Value>(
  db: Kysely<Tables>,
  perMonth: SelectQueryBuilder<Tables, never, { month: string; value: unknown }>,
): Expression<PerMonth<Value>> {
  return db
    .selectFrom(perMonth.as('month'))
    .select(sql`coalesce(jsonb_object_agg(month.month, month.value), '{}')`.as('value')) as never;
}

/** The first day of the first month, and of the month after the running one. */
function range(scope: MonthsScope): [string, string] {
  return [`${monthsLater(scope, 1 - scope.months)}-01`, `${monthsLater(scope, 1)}-01`];
}

/** The month so many months after the running one. */
function monthsLater({ thisMonth }: MonthsScope, count: number): string {
  const [year = 0, month = 0] = thisMonth.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + count)).toISOString().slice(0, 7);
}
