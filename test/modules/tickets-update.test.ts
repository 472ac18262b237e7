import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import {
  changeTicket,
  fieldsOf,
  insertNeighbours,
  insertTickets,
  kindsOf,
  notificationsOf,
  ticketId,
  type ChangeArgs,
  type NewTicket,
} from '../support/tickets.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

let world: World;
let neighbours: Awaited<ReturnType<typeof insertNeighbours>>;
let now = testNow;
beforeEach(() => void (now = testNow));
beforeAll(async () => {
  world = await createWorld({ now: () => now });
  neighbours = await insertNeighbours(world.acme);
});
afterAll(() => world.close());

const change = (...args: ChangeArgs) => changeTicket(world, ...args);
const add = async (ticket: NewTicket = {}) => ticketId((await insertTickets(world.acme, [ticket]))[0] ?? '');
const site = (name: 'here' | 'elsewhere') => encodeGlobalId('Site', world.acme.sites[name]);
const person = (role: Role) => world.acme.people[role].globalId;

describe('updateTicket', () => {
  it('changes what is sent, clears what is null, keeps the rest, and writes down each change', async () => {
    const id = await add({ title: 'Old', description: 'Old', due_at: testNow, asset_id: neighbours.assetId });
    now = new Date(testNow.getTime() + 60_000);
    const input = { id, version: 1, title: 'New', priority: 'HIGH', dueAt: null, siteId: site('elsewhere') };
    const { ticket } = await change('manager', 'updateTicket', input);
    expect(ticket).toMatchObject({
      title: 'New',
      description: 'Old',
      priority: 'HIGH',
      dueAt: null,
      asset: { name: 'Printer' },
      version: 2,
      updatedAt: now.toISOString(),
    });
    expect(ticket.events.edges.map((edge: any) => edge.node)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'PRIORITIZED', detail: { priority: { from: 'NORMAL', to: 'HIGH' } } }),
        expect.objectContaining({
          kind: 'UPDATED',
          actor: { name: 'manager of acme' },
          occurredAt: now.toISOString(),
          detail: {
            title: { from: 'Old', to: 'New' },
            siteId: { from: site('here'), to: site('elsewhere') },
            dueAt: { from: testNow.toISOString(), to: null },
          },
        }),
      ]),
    );
    expect(ticket.events.totalCount).toBe(2);
  });

  it('refuses a stale version, says the current one, and changes nothing', async () => {
    const id = await add();
    expect((await change('admin', 'updateTicket', { id, version: 1, title: 'One' })).ticket.version).toBe(2);
    const stale = await change('admin', 'updateTicket', { id, version: 1, title: 'Two' });
    expect(stale).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
  });

  it('lets one of two concurrent updates through', async () => {
    const id = await add();
    const results = await Promise.all(
      ['One', 'Two', 'Three'].map((title) => change('admin', 'updateTicket', { id, version: 1, title })),
    );
    const names = results.map((result): string => result.__typename).toSorted();
    expect(names).toEqual(['ConflictError', 'ConflictError', 'UpdateTicketPayload']);
  });

  it('leaves a ticket alone that is like that already', async () => {
    const id = await add({ title: 'Same' });
    const { ticket } = await change('admin', 'updateTicket', { id, version: 1, title: 'Same', categoryId: null });
    expect(ticket).toMatchObject({ version: 1, events: { totalCount: 0 } });
  });

  it.each([
    [{ title: null }, 'title'],
    [{ title: ' ' }, 'title'],
    [{ priority: null }, 'priority'],
    [{ version: 0 }, 'version'],
    [{ categoryId: encodeGlobalId('Choice', newId()) }, 'categoryId'],
    [{ reporterId: encodeGlobalId('Person', newId()) }, 'reporterId'],
  ])('refuses %j', async (input, field) => {
    const id = await add();
    expect(fieldsOf(await change('admin', 'updateTicket', { id, version: 1, ...input }))).toEqual([field]);
  });

  it('lets a member change the text of their own tickets, and nothing else', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    const { ticket } = await change('member', 'updateTicket', { id, version: 1, title: 'Mine', description: 'More' });
    expect(ticket).toMatchObject({ title: 'Mine', description: 'More', version: 2 });
    for (const input of [{ priority: 'LOW' }, { dueAt: null }, { siteId: site('here') }, { reporterId: null }]) {
      const result = await change('member', 'updateTicket', { id, version: 2, ...input });
      expect(result.__typename, JSON.stringify(input)).toBe('ForbiddenError');
    }
  });

  it("does not find a ticket that the viewer may not see, nor another tenant's", async () => {
    const id = await add({ site_id: world.acme.sites.elsewhere });
    const [foreign = ''] = await insertTickets(world.globex, [{}]);
    const missing = [
      await change('agent', 'updateTicket', { id, version: 1, title: 'x' }),
      await change('member', 'updateTicket', { id, version: 1, title: 'x' }),
      await change('admin', 'updateTicket', { id: ticketId(foreign), version: 1, title: 'x' }),
      await change('admin', 'updateTicket', { id: ticketId(newId()), version: 1, title: 'x' }),
    ];
    for (const result of missing) {
      expect(result).toEqual({ __typename: 'NotFoundError', message: 'The ticket was not found.' });
    }
  });

  it('lets an agent move a ticket only to where they can still change it', async () => {
    const mine = await add({ assignee_id: world.acme.people.agent.id });
    const other = await add({ reporter_id: world.acme.people.member.id });
    const move = async (id: string, siteId: string | null) =>
      (await change('agent', 'updateTicket', { id, version: 1, siteId })).__typename;
    expect(await move(mine, site('elsewhere'))).toBe('ForbiddenError');
    expect(await move(other, site('elsewhere'))).toBe('ForbiddenError');
    expect(await move(other, null)).toBe('ForbiddenError');
    expect(await move(mine, null)).toBe('UpdateTicketPayload');
  });
});

describe('assignTicket', () => {
  it('assigns, tells the assignee once, and takes the ticket away again', async () => {
    const id = await add({ title: 'Unread' });
    const { ticket } = await change('manager', 'assignTicket', { id, assigneeId: person('agent') });
    expect(ticket).toMatchObject({ assignee: { name: 'agent of acme' }, version: 2 });
    expect(kindsOf(ticket)).toEqual(['ASSIGNED']);
    expect(ticket.events.edges[0].node.detail).toEqual({ assigneeId: { from: null, to: person('agent') } });
    await change('manager', 'assignTicket', { id, assigneeId: person('agent') });
    const told = await notificationsOf(world, 'agent');
    expect(told.filter((subject) => subject.endsWith(': Unread'))).toHaveLength(1);
    const { ticket: taken } = await change('agent', 'assignTicket', { id, assigneeId: null, version: 2 });
    expect(taken).toMatchObject({ assignee: null, version: 3 });
  });

  it('does not tell people what they took for themselves', async () => {
    const id = await add({ title: 'Taken' });
    await change('agent', 'assignTicket', { id, assigneeId: person('agent') });
    expect((await notificationsOf(world, 'agent')).filter((subject) => subject.endsWith(': Taken'))).toEqual([]);
  });

  it('is refused to members, with a stale version, to nobody, and to people of another tenant', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    const assigneeId = person('agent');
    expect((await change('member', 'assignTicket', { id, assigneeId })).__typename).toBe('ForbiddenError');
    expect((await change('agent', 'assignTicket', { id, assigneeId, version: 7 })).currentVersion).toBe(1);
    expect(fieldsOf(await change('agent', 'assignTicket', { id }))).toEqual(['assigneeId']);
    const foreign = world.globex.people.agent.globalId;
    expect(fieldsOf(await change('agent', 'assignTicket', { id, assigneeId: foreign }))).toEqual(['assigneeId']);
  });
});
