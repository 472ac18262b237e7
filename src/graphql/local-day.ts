/** In every time zone of today, days begin where a quarter of an hour of UTC does. */
const quarterMs = 15 * 60_000;
/** No calendar day takes longer, whatever the clocks do. */
const longestDayMs = 27 * 3_600_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** The calendar day that an instant falls on in a time zone, `2026-11-20`. */
export function localDay(instant: Date, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(instant);
}

/** The first instant after this one that falls on another calendar day: midnight, nearly always. */
export function endOfLocalDay(instant: Date, timeZone: string): Date {
  const today = localDay(instant, timeZone);
  let end = (Math.floor(instant.getTime() / quarterMs) + 1) * quarterMs;
  const last = instant.getTime() + longestDayMs;
  while (end < last && localDay(new Date(end), timeZone) === today) end += quarterMs;
  return new Date(end);
}
