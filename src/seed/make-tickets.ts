import { deskOpensAfter, makeArrivals } from './arrivals.ts';
import { hourMs } from './calendar.ts';
import { createDice, type Dice } from './dice.ts';
import type { SeedPerson } from './make-people.ts';
import type { Row } from './row-writer.ts';
import { seedOf, type Stage } from './stage.ts';
import { makeComments } from './ticket-comments.ts';
import { makeEvents } from './ticket-events.ts';
import { makeNotifications } from './ticket-notifications.ts';
import { createDesk, type Desk } from './desk.ts';
import { later, slaHours, tellStory, type Priority, type Status, type Step } from './ticket-story.ts';
import { complaints } from './wording.ts';

/** A ticket with what hangs on it, as rows. */
export interface TicketRows {
  ticket: Row;
  events: Row[];
  comments: Row[];
  notifications: Row[];
}

/** One ticket and the two people it is between. */
export interface Case {
  id: string;
  number: number;
  title: string;
  reporter: SeedPerson;
  assignee: SeedPerson;
  /** What has happened until now. */
  steps: readonly Step[];
}

/** All tickets in the order they came in, numbered from 1. */
export function* makeTickets(stage: Stage): Generator<TicketRows> {
  const dice = createDice(seedOf(stage.plan, 'tickets'));
  const desk = createDesk(stage, dice);
  for (const [index, createdAt] of makeArrivals(stage, dice).entries()) {
    yield makeTicket({ stage, dice, desk, number: index + 1, createdAt });
  }
}

interface TicketInput {
  stage: Stage;
  dice: Dice;
  desk: Desk;
  number: number;
  createdAt: Date;
}

function makeTicket({ stage, dice, desk, number, createdAt }: TicketInput): TicketRows {
  const { plan, choices, customers } = stage;
  const priority = dice.weighted<Priority>([
    ['LOW', 20],
    ['NORMAL', 55],
    ['HIGH', 20],
    ['URGENT', 5],
  ]);
  const category = dice.weighted([
    ['hardware', 18] as const,
    ['software', 20] as const,
    ['network', 13] as const,
    ['access', 20] as const,
    ['e-mail', 11] as const,
    ['printing', 8] as const,
    ['telephony', 6] as const,
    ['facilities', 4] as const,
  ]);
  const [title, description] = dice.pick(complaints[category] ?? []);
  const { reporter, siteId, assignee } = desk.staff(number);
  const steps = tellStory({
    createdAt,
    priority,
    dice,
    opensAfter: (instant) => deskOpensAfter(instant, stage, dice),
  }).filter(({ at }) => at <= plan.until);
  const told: Case = { id: dice.idAt(createdAt), number, title, reporter, assignee, steps };
  const state = stateAfter(steps);
  const comments = makeComments(told, plan.until, dice);
  const source = dice.weighted([
    ['PORTAL', 42] as const,
    ['EMAIL', 28] as const,
    ['PHONE', 16] as const,
    ['CHAT', 8] as const,
    ['MONITORING', category === 'network' ? 30 : 1] as const,
  ]);
  return {
    ticket: {
      id: told.id,
      number,
      title,
      description,
      status: state.status,
      priority,
      source,
      category_id: choices.TICKET_CATEGORY.get(category),
      site_id: siteId,
      customer_id: dice.chance(0.3) ? dice.pick(customers).id : null,
      asset_id: category === 'hardware' ? desk.deviceOf(reporter) : null,
      reporter_id: reporter.id,
      assignee_id: state.isAssigned ? assignee.id : null,
      team_id: state.isAssigned ? assignee.teamId : desk.firstTeamId,
      due_at: later(createdAt, slaHours[priority] * hourMs),
      resolved_at: state.resolvedAt,
      closed_at: state.closedAt,
      created_at: createdAt,
      updated_at: steps.at(-1)?.at ?? createdAt,
      version: steps.length,
    },
    events: makeEvents({ told, comments, firstTeamId: desk.firstTeamId, dice }),
    comments,
    notifications: makeNotifications({ told, comments, until: plan.until, dice }),
  };
}

function stateAfter(steps: readonly Step[]) {
  let status: Status = 'NEW';
  let [resolvedAt, closedAt]: (Date | null)[] = [null, null];
  for (const { to, at } of steps) {
    if (!to) continue;
    status = to;
    if (to === 'RESOLVED') resolvedAt = at;
    else if (to === 'CLOSED') closedAt = at;
    else resolvedAt = null; // reopened
  }
  return { status, resolvedAt, closedAt, isAssigned: steps.some(({ kind }) => kind === 'ASSIGNED') };
}
