import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { changeTicket, fieldsOf, insertNeighbours, notificationsOf, type ChangeArgs } from '../support/tickets.ts';
import { createWorld, type Role, type World } from '../support/world.ts';

let world: World;
let neighbours: Awaited<ReturnType<typeof insertNeighbours>>;
beforeAll(async () => {
  world = await createWorld();
  neighbours = await insertNeighbours(world.acme);
});
afterAll(() => world.close());

const change = (...args: ChangeArgs) => changeTicket(world, ...args);
const site = (name: 'here' | 'elsewhere') => encodeGlobalId('Site', world.acme.sites[name]);
const person = (role: Role) => world.acme.people[role].globalId;

describe('createTicket', () => {
  it('opens a ticket for the viewer with a number, a due date and a history', async () => {
    const first = await change('admin', 'createTicket', { title: '  Help  ', clientMutationId: 'mine' });
    expect(first).toMatchObject({
      clientMutationId: 'mine',
      ticket: {
        title: 'Help',
        description: '',
        status: 'NEW',
        priority: 'NORMAL',
        source: 'PORTAL',
        version: 1,
        dueAt: '2026-11-23T09:00:00.000Z',
        site: { name: 'Here' },
        reporter: { name: 'admin of acme' },
        assignee: null,
        events: { totalCount: 1, edges: [{ node: { kind: 'CREATED', actor: { name: 'admin of acme' } } }] },
      },
    });
    const second = await change('admin', 'createTicket', { title: 'Again' });
    expect(second.ticket.number).toBe(first.ticket.number + 1);
  });

  it('takes everything that may be said about a ticket, and tells the assignee', async () => {
    const { ticket } = await change('manager', 'createTicket', {
      title: 'Everything',
      description: 'All of it',
      priority: 'URGENT',
      source: 'PHONE',
      categoryId: encodeGlobalId('Choice', neighbours.categoryId),
      siteId: site('elsewhere'),
      customerId: encodeGlobalId('Customer', neighbours.customerId),
      assetId: encodeGlobalId('Asset', neighbours.assetId),
      reporterId: person('member'),
      assigneeId: person('agent'),
      teamId: encodeGlobalId('Team', world.acme.teamId),
      dueAt: '2026-12-24T12:00:00.000Z',
    });
    expect(ticket).toMatchObject({
      description: 'All of it',
      priority: 'URGENT',
      source: 'PHONE',
      category: { label: 'Printing' },
      site: { name: 'Elsewhere' },
      customer: { name: 'Ada' },
      asset: { name: 'Printer' },
      reporter: { name: 'member of acme' },
      assignee: { name: 'agent of acme' },
      team: { name: 'Service desk' },
      dueAt: '2026-12-24T12:00:00.000Z',
    });
    expect(await notificationsOf(world, 'agent')).toContain(`Ticket #${ticket.number} was assigned to you: Everything`);
  });

  it.each([
    ['URGENT', '2026-11-20T13:00:00.000Z'],
    ['HIGH', '2026-11-20T17:00:00.000Z'],
    ['NORMAL', '2026-11-23T09:00:00.000Z'],
    ['LOW', '2026-11-25T09:00:00.000Z'],
  ])('makes a %s ticket due at %s', async (priority, dueAt) => {
    expect((await change('agent', 'createTicket', { title: 'Due', priority })).ticket.dueAt).toBe(dueAt);
  });

  it('gives each of many at once a number of its own, without gaps', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, index) => change('admin', 'createTicket', { title: `Race ${index}` })),
    );
    const numbers = made.map(({ ticket }) => ticket.number).toSorted((a, b) => a - b);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0] + index));
  });

  it('gives no number to a ticket that was refused', async () => {
    const before = (await change('admin', 'createTicket', { title: 'Before' })).ticket.number;
    const refused = await change('admin', 'createTicket', {
      title: 'Refused',
      siteId: encodeGlobalId('Site', newId()),
    });
    expect(fieldsOf(refused)).toEqual(['siteId']);
    expect((await change('admin', 'createTicket', { title: 'After' })).ticket.number).toBe(before + 1);
  });

  it('opens one ticket for a request that is sent twice', async () => {
    const headers = { 'idempotency-key': 'create-once' };
    const [one, two] = await Promise.all([
      change('member', 'createTicket', { title: 'Once' }, headers),
      change('member', 'createTicket', { title: 'Once' }, headers),
    ]);
    expect(one.ticket.id).toBeTruthy();
    expect(two.ticket).toEqual(one.ticket);
  });

  it("names every reference that is not there, out of use or another tenant's", async () => {
    const result = await change('admin', 'createTicket', {
      title: 'Nowhere',
      siteId: encodeGlobalId('Site', world.globex.sites.here),
      customerId: encodeGlobalId('Customer', newId()),
      categoryId: encodeGlobalId('Choice', newId()),
      assigneeId: world.globex.people.agent.globalId,
      teamId: encodeGlobalId('Team', world.globex.teamId),
    });
    expect(fieldsOf(result).toSorted()).toEqual(['assigneeId', 'categoryId', 'customerId', 'siteId', 'teamId']);
  });

  it.each([
    [{ title: '   ' }, 'title'],
    [{ title: 'x'.repeat(201) }, 'title'],
    [{ title: 'x', description: 'x'.repeat(20_001) }, 'description'],
    [{ title: 'x', siteId: 'nonsense' }, 'siteId'],
  ])('refuses wrong input %#', async (input, field) => {
    expect(fieldsOf(await change('member', 'createTicket', input))).toEqual([field]);
  });

  it('lets a member open tickets only for themselves, at their own site, from the portal', async () => {
    const made = await change('member', 'createTicket', { title: 'Mine', siteId: site('here'), priority: 'HIGH' });
    expect(made.ticket).toMatchObject({ reporter: { name: 'member of acme' }, site: { name: 'Here' } });
    for (const input of [
      { siteId: site('elsewhere') },
      { reporterId: person('agent') },
      { assigneeId: person('agent') },
      { teamId: encodeGlobalId('Team', world.acme.teamId) },
      { customerId: encodeGlobalId('Customer', neighbours.customerId) },
      { source: 'PHONE' },
      { dueAt: '2026-12-24T12:00:00.000Z' },
    ]) {
      const { __typename } = await change('member', 'createTicket', { title: 'Mine', ...input });
      expect(__typename, JSON.stringify(input)).toBe('ForbiddenError');
    }
    const asset = { assetId: encodeGlobalId('Asset', neighbours.assetId) };
    expect(fieldsOf(await change('member', 'createTicket', { title: 'Mine', ...asset }))).toEqual(['assetId']);
  });

  it('lets an agent open tickets at their own sites only', async () => {
    const input = { title: 'Far', siteId: site('elsewhere'), assigneeId: person('agent') };
    expect((await change('agent', 'createTicket', input)).__typename).toBe('ForbiddenError');
    expect((await change('agent', 'createTicket', { ...input, siteId: site('here') })).ticket.title).toBe('Far');
  });
});
