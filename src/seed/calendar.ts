export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** A calendar day, `2026-11-20`. */
export type Day = string;

/** The wall clock of one time zone. */
export interface Calendar {
  /** The local day an instant falls on. */
  dayOf(instant: Date): Day;
  /** The instant of a local day's wall clock, in minutes after midnight; may run past 24 hours. */
  at(day: Day, minutes: number): Date;
}

export function createCalendar(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...fields });
  const offsets = new Map<number, number>();

  /** How far local time is ahead of UTC at an instant, in milliseconds. Zones change on quarter hours at the finest. */
  const offsetAt = (time: number): number => {
    const quarter = Math.floor(time / (15 * minuteMs)) * 15 * minuteMs;
    const known = offsets.get(quarter);
    if (known !== undefined) return known;
    const part = Object.fromEntries(format.formatToParts(quarter).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = part;
    const offset = Date.UTC(year, month - 1, day, hour, minute, second) - quarter;
    offsets.set(quarter, offset);
    return offset;
  };

  return {
    dayOf: (instant) => new Date(instant.getTime() + offsetAt(instant.getTime())).toISOString().slice(0, 10),
    at(day, minutes) {
      const wall = Date.parse(`${day}T00:00:00Z`) + minutes * minuteMs;
      const guess = wall - offsetAt(wall);
      return new Date(wall - offsetAt(guess)); // the second look settles the hours around a clock change
    },
  };
}

/** Whether it is the name of a time zone; offsets such as `+02:00` are not. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text }).format();
    return true;
  } catch {
    return false;
  }
}

export function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;
}

export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * dayMs).toISOString().slice(0, 10);
}

/** Every day from the first to the last, both included. */
export function daysFrom(first: Day, last: Day): Day[] {
  const count = Math.round((Date.parse(last) - Date.parse(first)) / dayMs) + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => addDays(first, index));
}

/** 0 is Sunday. */
export function weekdayOf(day: Day): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

export function isWeekend(day: Day): boolean {
  return weekdayOf(day) % 6 === 0;
}

/** Counts weeks, Monday to Sunday, from a fixed one. */
export function weekOf(day: Day): number {
  return Math.floor((Date.parse(`${day}T00:00:00Z`) / dayMs + 3) / 7);
}

const fields = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;
