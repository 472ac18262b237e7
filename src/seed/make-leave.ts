import { addDays, daysFrom, hourMs, isWeekend, type Day } from './calendar.ts';
import { createDice, type Dice } from './dice.ts';
import { demoRoles, type SeedPerson } from './make-people.ts';
import { leaveAheadDays } from './plan.ts';
import { seedOf, type Stage } from './stage.ts';

export interface Leave {
  person: SeedPerson;
  startsOn: Day;
  endsOn: Day;
  status: 'PENDING' | 'APPROVED' | 'DECLINED' | 'CANCELLED';
  type: 'holiday' | 'sick-leave' | 'training';
  askedAt: Date;
  decidedAt: Date | null;
}

const notes = ['Enjoy!', 'Approved.', 'Please hand your open tickets over.', null];
const refusals = ['The rota is short that week.', 'Too many are away; another week, please.'];

/** Everybody's leave, one stretch after another, from before the history begins until some way ahead. */
export function makeLeave(stage: Stage): Leave[] {
  const dice = createDice(seedOf(stage.plan, 'leave'));
  return stage.people.filter(({ active }) => active).flatMap((person) => leaveOf(person, stage, dice));
}

function leaveOf(person: SeedPerson, { firstDay, today, calendar, plan }: Stage, dice: Dice): Leave[] {
  const leaves: Leave[] = [];
  const last = addDays(today, leaveAheadDays);
  let startsOn = addDays(firstDay, dice.int(-10, 50));
  while (startsOn <= last) {
    const type = dice.weighted([['holiday', 60] as const, ['sick-leave', 30] as const, ['training', 10] as const]);
    while (isWeekend(startsOn)) startsOn = addDays(startsOn, 1);
    const length = type === 'holiday' ? dice.pick([1, 3, 5, 5, 12]) : dice.int(1, 3);
    const endsOn = addDays(startsOn, length - 1);
    const askedAt =
      type === 'sick-leave' ? calendar.at(startsOn, 7 * 60) : calendar.at(addDays(startsOn, -dice.int(7, 45)), 11 * 60);
    if (askedAt < plan.until) leaves.push(decide({ person, startsOn, endsOn, type, askedAt }, plan.until, dice));
    startsOn = addDays(endsOn, Math.ceil(dice.delay(45, 0.5)));
  }
  if (person.index < demoRoles.length) leaves.push(pendingLeave(person, last, plan.until));
  return leaves;
}

type Asked = Omit<Leave, 'status' | 'decidedAt'>;

function decide(asked: Asked, until: Date, dice: Dice): Leave {
  const isSick = asked.type === 'sick-leave';
  const decidedAt = new Date(asked.askedAt.getTime() + (isSick ? hourMs : dice.float(1, 72) * hourMs));
  const outcome = isSick
    ? 'APPROVED'
    : dice.weighted([['APPROVED', 82] as const, ['DECLINED', 10] as const, ['CANCELLED', 8] as const]);
  if (decidedAt > until) return { ...asked, status: 'PENDING', decidedAt: null };
  return { ...asked, status: outcome, decidedAt: outcome === 'CANCELLED' ? null : decidedAt };
}

/** A request of a demo person that waits for a decision, so that there is one to take. */
function pendingLeave(person: SeedPerson, last: Day, until: Date): Leave {
  const askedAt = new Date(until.getTime() - 20 * hourMs);
  return { person, startsOn: addDays(last, 7), endsOn: addDays(last, 9), type: 'holiday', askedAt, status: 'PENDING', decidedAt: null }; // prettier-ignore
}

/** The days nobody is to expect somebody on, by person. */
export function daysOnLeave(leaves: readonly Leave[]): ReadonlyMap<string, ReadonlySet<Day>> {
  const days = new Map<string, Set<Day>>();
  for (const { person, status, startsOn, endsOn } of leaves) {
    if (status !== 'APPROVED') continue;
    const known = days.get(person.id) ?? new Set();
    for (const day of daysFrom(startsOn, endsOn)) known.add(day);
    days.set(person.id, known);
  }
  return days;
}

export function* leaveRows(leaves: readonly Leave[], { plan, people, choices }: Stage) {
  const dice = createDice(seedOf(plan, 'leave rows'));
  const deciders = people.filter(({ active, role }) => active && (role === 'manager' || role === 'admin'));
  for (const { person, startsOn, endsOn, status, type, askedAt, decidedAt } of leaves) {
    yield {
      id: dice.idAt(askedAt),
      person_id: person.id,
      type_id: choices.LEAVE_TYPE.get(type),
      starts_on: startsOn,
      ends_on: endsOn,
      reason: type === 'holiday' ? dice.pick(['Family holiday', 'Wedding', 'Moving house', null]) : null,
      status,
      decided_by_id: decidedAt && dice.pick(deciders.filter(({ id }) => id !== person.id)).id,
      decided_at: decidedAt,
      decision_note: decidedAt && dice.pick(status === 'APPROVED' ? notes : refusals),
      version: decidedAt || status === 'CANCELLED' ? 2 : 1,
      created_at: askedAt,
      updated_at: decidedAt ?? askedAt,
    };
  }
}
