/** A calendar day in a time zone, and its instants: from its first until the first of the next, in milliseconds since 1970. */
export interface LocalDay {
  /** `2026-11-20` */
  readonly day: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** No calendar day is shorter, whatever the clocks do. */
const stepMs = 15 * 60_000;

const formats = new Map<string, Intl.DateTimeFormat>();
/** The last that was asked for in each time zone: nearly always it is the next one, too. */
const lastDays = new Map<string, LocalDay>();

/** The calendar day that an instant falls on in a time zone. */
export function localDayOf(instant: Date, timeZone: string): LocalDay {
  const atMs = instant.getTime();
  const known = lastDays.get(timeZone);
  if (known && known.fromMs <= atMs && atMs < known.untilMs) return known;
  const day = nameOfDay(atMs, timeZone);
  const isSameDay = (ms: number) => nameOfDay(ms, timeZone) === day;
  const [first] = border(atMs, -stepMs, isSameDay);
  const [, next] = border(atMs, stepMs, isSameDay);
  const found: LocalDay = { day, fromMs: first, untilMs: next };
  lastDays.set(timeZone, found);
  return found;
}

/** Where a day ends, in the direction of the step: its outermost millisecond, and the one beyond. */
function border(fromMs: number, step: number, isSameDay: (ms: number) => boolean): [number, number] {
  let inside = fromMs;
  let outside = fromMs + step;
  while (isSameDay(outside)) [inside, outside] = [outside, outside + step];
  while (Math.abs(outside - inside) > 1) {
    const middle = Math.trunc((inside + outside) / 2);
    if (isSameDay(middle)) inside = middle;
    else outside = middle;
  }
  return [inside, outside];
}

function nameOfDay(ms: number, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  formats.set(timeZone, format);
  return format.format(ms);
}
