import { sql, type RawBuilder } from 'kysely';

/** A calendar day in SQL: `2026-11-20`, or an expression of type date. */
export type Day = string | RawBuilder<string>;

/** The calendar day that an instant falls on in a time zone. */
export function dayOf(instant: Date | RawBuilder<unknown>, timeZone: string): RawBuilder<string> {
  return sql<string>`((${instant})::timestamptz at time zone ${timeZone})::date`;
}

/**
 * The first instant of a calendar day in a time zone. Every part is immutable, so Postgres computes it once as it
 * plans: it knows how many rows lie beyond it, and an index on the instant serves. Where clocks skip midnight the day
 * starts at the jump. Where they go back over it (the Azores) midnight comes twice and Postgres takes the second: the
 * day starts an hour before that.
 */
export function startOfDay(day: Day, timeZone: string): RawBuilder<Date> {
  const date = sql`(${day})::date`;
  const midnight = sql`(${date}::timestamp at time zone ${timeZone})`;
  // Through UTC, because only an instant without a zone can be moved immutably.
  const hourBefore = sql`((${midnight} at time zone 'UTC' - interval '1 hour') at time zone 'UTC')`;
  return sql<Date>`(case when (${hourBefore} at time zone ${timeZone})::date = ${date} then ${hourBefore} else ${midnight} end)`;
}

/** The calendar day so many days later; earlier where `days` is negative. */
export function addDays(day: Day, days: number): RawBuilder<string> {
  return sql<string>`((${day})::date + ${days}::integer)`;
}
