import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { insertNeighbours, insertTickets, ticketId } from '../support/tickets.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

const hoursFromNow = (hours: number) => new Date(testNow.getTime() + hours * 3_600_000);

let world: World;
let neighbours: Awaited<ReturnType<typeof insertNeighbours>>;
const ids: Record<string, string> = {};
beforeAll(async () => {
  world = await createWorld();
  const { acme, globex } = world;
  neighbours = await insertNeighbours(acme);
  const { member, agent, manager } = acme.people;
  const created = (hours: number) => ({ created_at: hoursFromNow(hours), updated_at: hoursFromNow(hours) });
  const tickets = {
    printer: {
      ...created(-5),
      title: 'Printer on fire',
      description: 'It is 100% hot',
      priority: 'URGENT' as const,
      due_at: hoursFromNow(-1),
      reporter_id: member.id,
      assignee_id: agent.id,
      team_id: acme.teamId,
      category_id: neighbours.categoryId,
      customer_id: neighbours.customerId,
      asset_id: neighbours.assetId,
    },
    screen: { ...created(-4), title: 'Screen is dark', due_at: hoursFromNow(1), reporter_id: manager.id },
    far: { ...created(-3), title: 'Far away', site_id: acme.sites.elsewhere, due_at: hoursFromNow(-1) },
    farMine: { ...created(-2), title: 'Mine, far away', site_id: acme.sites.elsewhere, reporter_id: agent.id },
    solved: {
      ...created(-1),
      title: 'Solved in time',
      status: 'RESOLVED' as const,
      resolved_at: testNow,
      due_at: hoursFromNow(-1),
    },
    closed: { ...created(0), title: 'Over', status: 'CLOSED' as const, closed_at: testNow, due_at: hoursFromNow(-1) },
  };
  const inserted = await insertTickets(acme, Object.values(tickets));
  Object.keys(tickets).forEach((name, index) => (ids[name] = inserted[index] ?? ''));
  [ids.foreign = ''] = await insertTickets(globex, [{ title: 'Printer of the others' }]);
});
afterAll(() => world.close());

const list = /* GraphQL */ `
  query ($filter: TicketFilter, $search: String, $orderBy: TicketOrder) {
    tickets(first: 100, filter: $filter, search: $search, orderBy: $orderBy) {
      totalCount
      edges {
        node {
          title
        }
      }
    }
  }
`;
const everything = ['Over', 'Solved in time', 'Mine, far away', 'Far away', 'Screen is dark', 'Printer on fire'];

async function titles(role: Role, variables: Record<string, unknown> = {}): Promise<string[]> {
  const { data, errors } = await world.ask(world.acme.people[role].token, list, { variables });
  if (errors) throw new Error(errors[0]?.message);
  const found = data.tickets.edges.map((edge: any) => edge.node.title);
  expect(data.tickets.totalCount).toBe(found.length);
  return found;
}

describe('tickets', () => {
  it.each([
    ['admin', everything],
    ['manager', everything],
    ['agent', everything.filter((title) => title !== 'Far away')],
    ['member', ['Printer on fire']],
  ] as const)('shows the %s what they may see, newest first', async (role, expected) => {
    expect(await titles(role)).toEqual(expected);
  });

  it('shows nothing of another tenant, by list, by id or as a node', async () => {
    const { token } = world.globex.people.admin;
    const query = 'query ($id: ID!) { tickets { totalCount } ticket(id: $id) { title } node(id: $id) { id } }';
    const { data } = await world.ask(token, query, { variables: { id: ticketId(ids.printer ?? '') } });
    expect(data).toEqual({ tickets: { totalCount: 1 }, ticket: null, node: null });
  });

  it('needs a token', async () => {
    expect((await world.ask(null, list)).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });

  const person = (role: Role) => encodeGlobalId('Person', world.acme.people[role].id);
  it.each<[string, () => object, string[]]>([
    ['status', () => ({ status: ['CLOSED', 'RESOLVED'] }), ['Over', 'Solved in time']],
    ['priority', () => ({ priority: 'URGENT' }), ['Printer on fire']],
    ['siteId', () => ({ siteId: [encodeGlobalId('Site', world.acme.sites.elsewhere)] }), everything.slice(2, 4)],
    ['assigneeId', () => ({ assigneeId: [person('agent'), person('member')] }), ['Printer on fire']],
    ['unassigned', () => ({ unassigned: false }), ['Printer on fire']],
    ['unassigned, open', () => ({ unassigned: true, status: ['NEW'] }), everything.slice(2, 5)],
    ['reporterId', () => ({ reporterId: [person('agent'), person('manager')] }), ['Mine, far away', 'Screen is dark']],
    ['teamId', () => ({ teamId: encodeGlobalId('Team', world.acme.teamId) }), ['Printer on fire']],
    ['categoryId', () => ({ categoryId: encodeGlobalId('Choice', neighbours.categoryId) }), ['Printer on fire']],
    ['customerId', () => ({ customerId: encodeGlobalId('Customer', neighbours.customerId) }), ['Printer on fire']],
    ['createdFrom', () => ({ createdFrom: hoursFromNow(-1) }), ['Over', 'Solved in time']],
    ['createdTo', () => ({ createdTo: hoursFromNow(-4) }), ['Printer on fire']],
    ['overdue', () => ({ overdue: true }), ['Far away', 'Printer on fire']],
    ['not overdue', () => ({ overdue: false }), ['Over', 'Solved in time', 'Mine, far away', 'Screen is dark']],
    ['an empty list', () => ({ status: [] }), []],
    ['nulls', () => ({ status: null, siteId: null, overdue: null, createdTo: null }), everything],
  ])('filters by %s', async (_name, filter, expected) => {
    expect(await titles('admin', { filter: filter() })).toEqual(expected);
  });

  it.each([
    ['PRINTER', ['Printer on fire']],
    ['100%', ['Printer on fire']],
    ['%', ['Printer on fire']],
    ['_', []],
    ['\\', []],
    ['a', everything.filter((title) => /a/i.test(title))],
    ['2', ['Screen is dark']],
    ['#2', ['Screen is dark']],
    ['10', ['Printer on fire']],
    ['99999999999999', []],
    ['  ', everything],
  ])('searches for "%s"', async (search, expected) => {
    expect(await titles('admin', { search })).toEqual(expected);
  });

  it('searches within what the viewer may see', async () => {
    expect(await titles('member', { search: 'far away' })).toEqual([]);
    expect(await titles('agent', { search: 'far away' })).toEqual(['Mine, far away']);
  });

  it.each([
    ['a foreign kind of id', { filter: { siteId: [encodeGlobalId('Person', newId())] } }, 'filter.siteId'],
    ['a range that ends before it starts', { filter: { createdFrom: testNow, createdTo: testNow } }, 'createdTo'],
    ['too long a search', { search: 'x'.repeat(201) }, 'search'],
    ['a text with a NUL character', { search: 'x\u0000' }, 'NUL'],
  ])('refuses %s', async (_name, variables, field) => {
    const { errors } = await world.ask(world.acme.people.admin.token, list, { variables });
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
    expect(errors?.[0]?.message).toContain(field);
  });
});

describe('ticket', () => {
  const one = /* GraphQL */ `
    query ($id: ID!) {
      ticket(id: $id) {
        id
        number
        title
        description
        status
        priority
        source
        category {
          label
        }
        site {
          name
        }
        customer {
          name
          email
        }
        asset {
          name
        }
        reporter {
          name
        }
        assignee {
          name
        }
        team {
          name
        }
        createdAt
        updatedAt
        dueAt
        resolvedAt
        closedAt
        overdue
        version
      }
    }
  `;
  const ask = async (role: Role, name: string) =>
    (await world.ask(world.acme.people[role].token, one, { variables: { id: ticketId(ids[name] ?? '') } })).data.ticket;

  it('answers every field', async () => {
    expect(await ask('admin', 'printer')).toEqual({
      id: ticketId(ids.printer ?? ''),
      number: 1,
      title: 'Printer on fire',
      description: 'It is 100% hot',
      status: 'NEW',
      priority: 'URGENT',
      source: 'PORTAL',
      category: { label: 'Printing' },
      site: { name: 'Here' },
      customer: { name: 'Ada', email: 'ada@customer.test' },
      asset: { name: 'Printer' },
      reporter: { name: 'member of acme' },
      assignee: { name: 'agent of acme' },
      team: { name: 'Service desk' },
      createdAt: '2026-11-20T04:00:00.000Z',
      updatedAt: '2026-11-20T04:00:00.000Z',
      dueAt: '2026-11-20T08:00:00.000Z',
      resolvedAt: null,
      closedAt: null,
      overdue: true,
      version: 1,
    });
  });

  it('is overdue only while it is neither solved nor closed', async () => {
    const overdue = await Promise.all(
      ['far', 'screen', 'farMine', 'solved', 'closed'].map((name) => ask('admin', name)),
    );
    expect(overdue.map((ticket) => ticket.overdue)).toEqual([true, false, false, false, false]);
  });

  it('is null where the viewer may not see it', async () => {
    expect(await ask('member', 'screen')).toBeNull();
    expect(await ask('agent', 'far')).toBeNull();
    expect(await ask('agent', 'farMine')).not.toBeNull();
    expect(await ask('admin', 'foreign')).toBeNull();
  });

  it('hides an asset that the viewer may not see', async () => {
    expect(await ask('member', 'printer')).toMatchObject({ title: 'Printer on fire', asset: null });
  });

  it('refuses an id of another kind', async () => {
    const variables = { id: world.acme.people.admin.globalId };
    const { errors } = await world.ask(world.acme.people.admin.token, one, { variables });
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  });
});
