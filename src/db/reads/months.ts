/** A longer range is not worth its tags. */
const maxMonths = 24;

/**
 * The calendar months that a range touches, `2026-11`; those of UTC for instants. null for an open or a very long range
 * and for bounds that Postgres might understand otherwise: only `2026-11-20` is plainly a day, only a Date an instant.
 */
export function monthsBetween(from: unknown, to: unknown, kind: 'month of date' | 'month of instant'): string[] | null {
  const monthOf = kind === 'month of date' ? monthOfDay : monthOfInstant;
  const [first, last] = [monthOf(from), monthOf(to)];
  if (first === null || last === null || last - first >= maxMonths) return null;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => nameOf(first + index));
}

/** Months since the year 0. */
function monthOfDay(value: unknown): number | null {
  const day = typeof value === 'string' ? /^(\d{4})-(\d{2})-\d{2}$/.exec(value) : null;
  return day ? Number(day[1]) * 12 + Number(day[2]) - 1 : null;
}

function monthOfInstant(value: unknown): number | null {
  const isPlain = value instanceof Date && value.getUTCFullYear() >= 1; // neither invalid nor before Christ
  return isPlain ? value.getUTCFullYear() * 12 + value.getUTCMonth() : null;
}

function nameOf(month: number): string {
  return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`;
}
