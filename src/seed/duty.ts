import { isWeekend, weekdayOf, weekOf, type Day } from './calendar.ts';
import type { SeedPerson } from './make-people.ts';

/** When somebody is to work on one day, in minutes after local midnight. */
export interface Duty {
  from: number;
  to: number;
  /** What the shift is called; null for office hours, which no shift is planned for. */
  shift: string | null;
  siteId: string;
}

const at = (hour: number) => hour * 60;
const shifts = [
  { from: at(7), to: at(15), shift: 'Early' },
  { from: at(13), to: at(21), shift: 'Late' },
  { from: at(9), to: at(17), shift: 'Day' },
];
const night = { from: 0, to: at(8), shift: 'Night' };
const weekend = { from: at(8), to: at(16), shift: 'Weekend' };

/**
 * What one person is to do on one day; null on a day off. Office hours are Monday to Friday. Who is on the rota
 * changes shifts weekly, and works one weekend in five, with the Monday and Tuesday after it off.
 */
export function dutyOf(person: SeedPerson, day: Day): Duty | null {
  const week = weekOf(day);
  if (!person.onRota) return isWeekend(day) ? null : { from: at(9), to: at(18), shift: null, siteId: person.siteId };
  const sites = [person.siteId, ...person.otherSiteIds];
  const siteId = sites[week % sites.length] ?? person.siteId;
  const worksWeekend = (person.index + week) % 5 === 0;
  const isNight = person.index % 9 === 8;
  if (isWeekend(day)) return worksWeekend ? { ...(isNight ? night : weekend), siteId } : null;
  const workedWeekend = (person.index + week - 1) % 5 === 0;
  if (workedWeekend && weekdayOf(day) <= 2) return null;
  return { ...((isNight ? night : shifts[(person.index + week) % shifts.length]) ?? night), siteId };
}
