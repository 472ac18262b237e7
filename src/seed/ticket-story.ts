import { dayMs, hourMs, minuteMs } from './calendar.ts';
import type { Dice } from './dice.ts';

export type Priority = 'LOW' | 'NORMAL' | 'HIGH' | 'URGENT';
export type Status = 'NEW' | 'IN_PROGRESS' | 'WAITING' | 'RESOLVED' | 'CLOSED';

/** One thing that happens to a ticket; `by` says which of its two people did it, null is the system. */
export interface Step {
  kind: string;
  at: Date;
  by: 'reporter' | 'assignee' | null;
  /** The status it leads to; absent where it stays. */
  to?: Status;
}

/** When a ticket is to be resolved, in hours after it came in; as for tickets that people open. */
export const slaHours: Record<Priority, number> = { URGENT: 4, HIGH: 8, NORMAL: 72, LOW: 120 };

const responseMinutes: Record<Priority, number> = { URGENT: 8, HIGH: 30, NORMAL: 80, LOW: 200 };
const workHours: Record<Priority, number> = { URGENT: 1.5, HIGH: 3, NORMAL: 18, LOW: 30 };
/** Who hears nothing after a solution agrees with it. */
const closesAfterMs = 3 * dayMs;

export interface StoryInput {
  createdAt: Date;
  priority: Priority;
  dice: Dice;
  /** The next instant the desk is open. */
  opensAfter: (instant: Date) => Date;
}

/** The whole life of a ticket, into the future too: the teller stops at the present. */
export function tellStory({ createdAt, priority, dice, opensAfter }: StoryInput): Step[] {
  const isForOnCall = priority === 'URGENT' || priority === 'HIGH'; // somebody always is
  const open = isForOnCall ? (instant: Date) => instant : opensAfter;
  const steps: Step[] = [{ kind: 'CREATED', at: createdAt, by: 'reporter' }];
  const add = (kind: string, at: Date, by: Step['by'], to?: Status) => steps.push({ kind, at, by, to });

  const assignedAt = open(later(createdAt, dice.delay(responseMinutes[priority], 0.8) * minuteMs));
  add('ASSIGNED', assignedAt, 'assignee');
  let at = later(assignedAt, dice.float(1, 15) * minuteMs);
  add('TAKEN_IN_CHARGE', at, 'assignee', 'IN_PROGRESS');

  const isStuck = dice.chance(0.03); // some are never solved
  if (isStuck || dice.chance(0.2)) {
    at = later(at, dice.delay(2, 0.7) * hourMs);
    add('WAITING', at, 'assignee', 'WAITING');
    if (isStuck && dice.chance(0.6)) return steps;
    at = open(later(at, dice.delay(14, 0.9) * hourMs));
    add('RESUMED', at, 'reporter', 'IN_PROGRESS');
  }
  if (dice.chance(0.05)) add('INTERVENTION_SCHEDULED', (at = later(at, hourMs)), 'assignee');
  if (isStuck) return steps;

  at = open(later(at, dice.delay(workHours[priority], 0.8) * hourMs));
  add('RESOLVED', at, 'assignee', 'RESOLVED');
  if (dice.chance(0.04)) {
    at = later(at, dice.delay(10, 0.6) * hourMs);
    add('REOPENED', at, 'reporter', 'IN_PROGRESS');
    at = open(later(at, dice.delay(workHours[priority], 0.6) * hourMs));
    add('RESOLVED', at, 'assignee', 'RESOLVED');
  }
  if (dice.chance(0.6)) add('CLOSED', later(at, dice.delay(5, 0.8) * hourMs), 'reporter', 'CLOSED');
  else add('CLOSED', later(at, closesAfterMs), null, 'CLOSED');
  return steps;
}

export function later(instant: Date, ms: number): Date {
  return new Date(Math.round(instant.getTime() + ms));
}
