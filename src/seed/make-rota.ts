import { addDays, daysFrom, isWeekend, type Day } from './calendar.ts';
import { createDice } from './dice.ts';
import { dutyOf } from './duty.ts';
import { rotaAheadDays } from './plan.ts';
import { seedOf, type Stage } from './stage.ts';

/** Shifts of the past and the next two weeks. Where the person is away the shift is vacant; a few were never filled. */
export function* makeRota(stage: Stage, onLeave: ReadonlyMap<string, ReadonlySet<Day>>) {
  const { plan, calendar, people, places, today, firstDay } = stage;
  const dice = createDice(seedOf(plan, 'rota'));
  const team = places.teams[0]?.id ?? null;

  const shift = (day: Day, { from, to, role }: { from: number; to: number; role: string }) => {
    const plannedAt = calendar.at(addDays(day, -rotaAheadDays - 1), 10 * 60);
    return {
      id: dice.idAt(plannedAt),
      day,
      starts_at: calendar.at(day, from),
      ends_at: calendar.at(day, to),
      role,
      created_at: plannedAt,
      updated_at: plannedAt,
    };
  };

  for (const day of daysFrom(firstDay, addDays(today, rotaAheadDays))) {
    for (const person of people) {
      const duty = person.active && person.onRota ? dutyOf(person, day) : null;
      if (!duty?.shift) continue;
      const isAway = onLeave.get(person.id)?.has(day) ?? false;
      yield {
        ...shift(day, { ...duty, role: duty.shift }),
        site_id: duty.siteId,
        team_id: person.teamId ?? team,
        person_id: isAway ? null : person.id,
      };
    }
    for (const site of places.sites) {
      if (isWeekend(day) || !dice.chance(day < today ? 0.06 : 0.3)) continue;
      yield { ...shift(day, { from: 540, to: 1020, role: 'Day' }), site_id: site.id, team_id: team, person_id: null };
    }
  }
}
