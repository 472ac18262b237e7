import { z } from 'zod';

/** A zod type for a calendar day; refuses years that are surely slips of the pen. */
export const calendarDay = z
  .string()
  .refine((day) => day >= '1900-01-01' && day <= '2999-12-31', 'Send a day from 1900-01-01 to 2999-12-31.');

/** A zod type for an instant; refuses years that are surely slips of the pen. */
export const instant = z.date().refine((at) => {
  const year = at.getUTCFullYear();
  return year >= 1900 && year <= 2999;
}, 'Send an instant from the year 1900 to 2999.');

/** How many days a span has, both ends included. Days have no zone, so no change of the clocks can bend this. */
export function daysIn(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000) + 1;
}

/** For `accepts` where a connection's cursors hold a calendar day. */
export function isDay(value: string | number): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const midnight = new Date(value);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(value) && value >= '0001-01-01';
}

/** For `refine`: whether a span of days, each end of which may be left open, ends no earlier than it begins. */
export function endsAfterStart({ from, to }: { from?: string | null; to?: string | null }): boolean {
  return !from || !to || from <= to;
}

export const notBeforeStart = { path: ['to'], message: 'Send a day that is not before "from".' };
