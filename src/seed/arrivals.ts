import { addDays, daysFrom, dayMs, hourMs, weekdayOf } from './calendar.ts';
import type { Dice } from './dice.ts';
import type { Stage } from './stage.ts';

/** How many tickets come in an hour of the day compared to others, from midnight on; a dip at lunch. */
const byHour = [1, 1, 1, 1, 1, 2, 5, 14, 38, 52, 50, 44, 26, 30, 44, 42, 36, 24, 12, 7, 5, 4, 2, 1];
/** And on a day of the week, from Sunday on: Monday is the worst. */
const byWeekday = [0.08, 1.3, 1.1, 1, 1, 0.9, 0.12];
/** However early it is, so many of the tickets came in today. */
const leastToday = 4;

/** The instants tickets come in at, in order. */
export function makeArrivals({ plan, calendar, firstDay, today }: Stage, dice: Dice): Date[] {
  const slots: { startsAt: number; lastsMs: number; total: number }[] = [];
  let total = 0;
  for (const day of daysFrom(firstDay, today)) {
    for (const [hour, weight] of byHour.entries()) {
      const startsAt = calendar.at(day, hour * 60).getTime();
      const lastsMs = Math.min(hourMs, plan.until.getTime() - startsAt);
      if (lastsMs <= 0) break;
      total += ((weight * lastsMs) / hourMs) * (byWeekday[weekdayOf(day)] ?? 1);
      slots.push({ startsAt, lastsMs, total });
    }
  }
  const draw = () => {
    const slot = slotAt(slots, dice.float(0, total));
    return Math.floor(slot.startsAt + dice.float(0, slot.lastsMs));
  };
  const times = Array.from({ length: plan.tickets }, draw).toSorted((a, b) => a - b);
  fillToday(times, { startsAt: calendar.at(today, 0).getTime(), until: plan.until.getTime(), dice });
  return times.toSorted((a, b) => a - b).map((time) => new Date(time));
}

/** A start in the small hours would otherwise show a desk without a ticket. */
function fillToday(times: number[], { startsAt, until, dice }: { startsAt: number; until: number; dice: Dice }) {
  const missing = leastToday - times.filter((time) => time >= startsAt).length;
  if (times.length < leastToday * 2) return;
  for (let index = 0; index < missing; index += 1) times[index] = Math.floor(dice.float(startsAt, until));
}

function slotAt<Slot extends { total: number }>(slots: readonly Slot[], at: number): Slot {
  let [low, high] = [0, slots.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle]?.total ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return slots[low] as Slot;
}

/** The instant itself while the desk is open (Monday to Friday, 8 to 19), else the next morning. */
export function deskOpensAfter(instant: Date, { calendar }: Stage, dice: Dice): Date {
  let day = calendar.dayOf(instant);
  const minutes = (instant.getTime() - calendar.at(day, 0).getTime()) / 60_000;
  if (weekdayOf(day) % 6 !== 0 && minutes >= 480 && minutes < 1140) return instant;
  if (minutes >= 480) day = addDays(day, 1);
  while (weekdayOf(day) % 6 === 0) day = addDays(day, 1);
  return new Date(calendar.at(day, 480).getTime() + dice.float(0, 0.06) * dayMs);
}
