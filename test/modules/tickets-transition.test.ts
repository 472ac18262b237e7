import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import {
  changeTicket,
  fieldsOf,
  insertTickets,
  kindsOf,
  notificationsOf,
  ticketId,
  type ChangeArgs,
  type NewTicket,
} from '../support/tickets.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const change = (...args: ChangeArgs) => changeTicket(world, ...args);
const add = async (ticket: NewTicket = {}) => ticketId((await insertTickets(world.acme, [ticket]))[0] ?? '');
const person = (role: Role) => world.acme.people[role].globalId;

describe('transitionTicket', () => {
  const allowed: Record<string, Record<string, string>> = {
    NEW: { IN_PROGRESS: 'TAKEN_IN_CHARGE', WAITING: 'WAITING', RESOLVED: 'RESOLVED', CLOSED: 'CLOSED' },
    IN_PROGRESS: { WAITING: 'WAITING', RESOLVED: 'RESOLVED', CLOSED: 'CLOSED' },
    WAITING: { IN_PROGRESS: 'RESUMED', RESOLVED: 'RESOLVED', CLOSED: 'CLOSED' },
    RESOLVED: { CLOSED: 'CLOSED', IN_PROGRESS: 'REOPENED' },
    CLOSED: { IN_PROGRESS: 'REOPENED' },
  };
  const earlier = new Date(testNow.getTime() - 60_000);
  const statuses = Object.keys(allowed);
  const pairs = statuses.flatMap((from) => statuses.map((to) => ({ from, to, kind: allowed[from]?.[to] })));

  it.each(pairs)('$from to $to: $kind', async ({ from, to, kind }) => {
    const id = await add({
      status: from as never,
      resolved_at: from === 'RESOLVED' || from === 'CLOSED' ? earlier : null,
      closed_at: from === 'CLOSED' ? earlier : null,
    });
    const result = await change('agent', 'transitionTicket', { id, status: to });
    if (!kind) {
      expect(fieldsOf(result)).toEqual(['status']);
      for (const status of Object.keys(allowed[from] ?? {})) expect(result.message).toContain(status);
      return;
    }
    expect(kindsOf(result.ticket)).toEqual([kind]);
    const keepsResolution = from === 'RESOLVED' && to === 'CLOSED';
    expect(result.ticket).toMatchObject({
      status: to,
      version: 2,
      closedAt: to === 'CLOSED' ? testNow.toISOString() : null,
      resolvedAt: to === 'RESOLVED' ? testNow.toISOString() : keepsResolution ? earlier.toISOString() : null,
    });
  });

  it('is refused to members and with a stale version', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    expect((await change('member', 'transitionTicket', { id, status: 'CLOSED' })).__typename).toBe('ForbiddenError');
    const stale = await change('agent', 'transitionTicket', { id, status: 'CLOSED', version: 2 });
    expect(stale.currentVersion).toBe(1);
  });
});

describe('bulkUpdateTickets', () => {
  it('changes a hundred tickets in as many statements as one, and tells the assignee of each', async () => {
    const ids = (
      await insertTickets(
        world.acme,
        Array.from({ length: 100 }, () => ({})),
      )
    ).map(ticketId);
    const input = { status: 'IN_PROGRESS', priority: 'HIGH', assigneeId: person('manager') };
    const one = await countStatements(() => change('agent', 'bulkUpdateTickets', { ids: ids.slice(0, 1), ...input }));
    const all = await countStatements(() => change('agent', 'bulkUpdateTickets', { ids, ...input }));
    expect(all.forAnswer.length).toBe(one.forAnswer.length);
    expect(all.result.tickets.map((ticket: any) => ticket.id)).toEqual(ids);
    for (const ticket of all.result.tickets) {
      expect(ticket).toMatchObject({ status: 'IN_PROGRESS', priority: 'HIGH', version: 2 });
    }
    expect(await notificationsOf(world, 'manager')).toHaveLength(100);
  });

  it('changes nothing where one of the tickets may not be changed like that', async () => {
    const [open, closed] = [await add(), await add({ status: 'CLOSED', closed_at: testNow })];
    const refused = await change('admin', 'bulkUpdateTickets', { ids: [open, closed], status: 'WAITING' });
    expect(fieldsOf(refused)).toEqual(['status']);
    const missing = { ids: [open, ticketId(newId())], priority: 'LOW' };
    expect((await change('admin', 'bulkUpdateTickets', missing)).__typename).toBe('NotFoundError');
    const { tickets } = await change('admin', 'bulkUpdateTickets', { ids: [open], priority: 'NORMAL' });
    expect(tickets).toMatchObject([{ status: 'NEW', priority: 'NORMAL', version: 1 }]);
  });

  it('leaves alone those that are like that already', async () => {
    const [open, closed] = [await add(), await add({ status: 'CLOSED', closed_at: testNow })];
    const { tickets } = await change('admin', 'bulkUpdateTickets', { ids: [open, closed, open], status: 'CLOSED' });
    expect(tickets.map((ticket: any) => ticket.version)).toEqual([2, 1, 2]);
  });

  it('does not deadlock with another that names the same tickets the other way round', async () => {
    const ids = (
      await insertTickets(
        world.acme,
        Array.from({ length: 20 }, () => ({})),
      )
    ).map(ticketId);
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        change('admin', 'bulkUpdateTickets', {
          ids: index % 2 ? ids : ids.toReversed(),
          priority: ['LOW', 'HIGH', 'URGENT'][index % 3],
        }),
      ),
    );
    expect(new Set(results.map((result) => result.__typename))).toEqual(new Set(['BulkUpdateTicketsPayload']));
  });

  it.each([
    [{ ids: [], priority: 'LOW' }, 'ids'],
    [{ ids: Array.from({ length: 101 }, () => ticketId(newId())), priority: 'LOW' }, 'ids'],
    [{ ids: [ticketId(newId())] }, 'input'],
    [{ ids: ['x'], priority: 'LOW' }, 'ids.0'],
  ])('refuses wrong input %#', async (input, field) => {
    expect(fieldsOf(await change('admin', 'bulkUpdateTickets', input))).toEqual([field]);
  });

  it('is refused to members', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    const result = await change('member', 'bulkUpdateTickets', { ids: [id], status: 'CLOSED' });
    expect(result.__typename).toBe('ForbiddenError');
  });
});
