import type { faker as Faker } from '@faker-js/faker/locale/en';
import { addDays, createCalendar } from './calendar.ts';
import { makeAssets } from './make-assets.ts';
import { makeAttendance } from './make-attendance.ts';
import { makeChoices } from './make-choices.ts';
import { makeCustomers } from './make-customers.ts';
import { makeJobs } from './make-jobs.ts';
import { daysOnLeave, leaveRows, makeLeave } from './make-leave.ts';
import { makePeople, peopleRows } from './make-people.ts';
import { makePlaces } from './make-places.ts';
import { makeRota } from './make-rota.ts';
import { makeTickets, type TicketRows } from './make-tickets.ts';
import type { SeedPlan } from './plan.ts';
import type { Row } from './row-writer.ts';
import type { Stage } from './stage.ts';

export interface RowsOf {
  table: string;
  rows: Iterable<Row>;
}

export interface TenantRowsInput {
  plan: SeedPlan;
  /** Role ids by their keys. */
  roleIds: ReadonlyMap<string, string>;
  faker: typeof Faker;
}

/** Every row of a demo tenant, in an order that foreign keys allow; made as they are asked for. */
export function* tenantRows({ plan, roleIds, faker }: TenantRowsInput): Generator<RowsOf> {
  const calendar = createCalendar(plan.timeZone);
  const today = calendar.dayOf(plan.until);
  const firstDay = addDays(today, -plan.days);
  const foundedAt = calendar.at(addDays(firstDay, -800), 9 * 60);

  const places = makePlaces(plan, foundedAt);
  yield { table: 'sites', rows: places.sites };
  yield { table: 'teams', rows: places.teams };
  const choices = makeChoices(plan, foundedAt);
  yield { table: 'choices', rows: choices.rows };
  const customers = makeCustomers(plan, foundedAt, faker);
  yield { table: 'customers', rows: customers };
  const people = makePeople(plan, places, faker);
  for (const [table, rows] of Object.entries(peopleRows(people, { plan, calendar, roleIds, firstDay }))) {
    yield { table, rows };
  }
  const bare = { plan, calendar, firstDay, today, places, people, choices: choices.ids, customers };
  const assets = makeAssets(bare);
  yield { table: 'assets', rows: assets.map(({ row }) => row) };

  const stage: Stage = { ...bare, assets: assets.map(({ asset }) => asset) };
  const leaves = makeLeave(stage);
  yield { table: 'leave_requests', rows: leaveRows(leaves, stage) };
  const onLeave = daysOnLeave(leaves);
  yield { table: 'attendance', rows: makeAttendance(stage, onLeave) };
  yield { table: 'shifts', rows: makeRota(stage, onLeave) };
  yield { table: 'jobs', rows: makeJobs(stage) };
  yield* ticketRows(stage);
}

/** Tickets go in before what hangs on them; never all of them at once. */
function* ticketRows(stage: Stage): Generator<RowsOf> {
  let batch: TicketRows[] = [];
  let last = 0;
  for (const made of makeTickets(stage)) {
    batch.push(made);
    last += 1;
    if (batch.length < 500) continue;
    yield* inOrder(batch);
    batch = [];
  }
  yield* inOrder(batch);
  yield { table: 'ticket_numbers', rows: [{ last }] };
}

function* inOrder(batch: readonly TicketRows[]): Generator<RowsOf> {
  yield { table: 'tickets', rows: batch.map(({ ticket }) => ticket) };
  yield { table: 'ticket_events', rows: batch.flatMap(({ events }) => events) };
  yield { table: 'ticket_comments', rows: batch.flatMap(({ comments }) => comments) };
  yield { table: 'notifications', rows: batch.flatMap(({ notifications }) => notifications) };
}
