import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertNeighbours, insertTickets, ticketId, type NewTicket } from '../support/tickets.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

let world: World;
let neighbours: Awaited<ReturnType<typeof insertNeighbours>>;
let now = testNow;
beforeAll(async () => {
  world = await createWorld({ now: () => now });
  neighbours = await insertNeighbours(world.acme);
});
beforeEach(() => void (now = testNow));
afterAll(() => world.close());

const ticketFields = `ticket {
  id number title description status priority source version updatedAt dueAt resolvedAt closedAt
  site { name } reporter { name } assignee { name } team { name } category { label } customer { name } asset { name }
  comments { totalCount edges { node { body internal author { name } } } }
  events { totalCount edges { node { kind detail actor { name } occurredAt } } }
}`;
const payloads: Record<string, string> = {
  deleteTicket: 'deletedTicketId',
  bulkUpdateTickets: 'tickets { id status priority version assignee { name } team { name } }',
};

async function change(role: Role, name: string, input: object, headers: Record<string, string> = {}): Promise<any> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) {
    __typename
    ... on ${type}Payload { clientMutationId ${payloads[name] ?? ticketFields} }
    ... on Error { message }
    ... on ValidationError { fields { field message } }
    ... on ConflictError { currentVersion }
  } }`;
  const { data, errors } = await world.ask(world.acme.people[role].token, query, { variables: { input }, headers });
  if (errors) throw new Error(JSON.stringify(errors));
  return data[name];
}

const add = async (ticket: NewTicket = {}) => ticketId((await insertTickets(world.acme, [ticket]))[0] ?? '');
const site = (name: 'here' | 'elsewhere') => encodeGlobalId('Site', world.acme.sites[name]);
const person = (role: Role) => world.acme.people[role].globalId;
const kinds = (ticket: any) => ticket.events.edges.map((edge: any) => edge.node.kind);
const fieldsOf = (result: any) => result.fields?.map((problem: any) => problem.field);

async function notificationsOf(role: Role): Promise<string[]> {
  const { id } = world.acme.people[role];
  const { rows } = await world.database.owner.query('SELECT subject FROM notifications WHERE person_id = $1', [id]);
  return rows.map(({ subject }) => subject);
}

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
    expect(await notificationsOf('agent')).toContain(`Ticket #${ticket.number} was assigned to you: Everything`);
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
    const names = results.map((result) => result.__typename).toSorted();
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

  it('does not let an agent move a ticket to a site that is not theirs', async () => {
    const id = await add({ assignee_id: world.acme.people.agent.id });
    const result = await change('agent', 'updateTicket', { id, version: 1, siteId: site('elsewhere') });
    expect(result.__typename).toBe('ForbiddenError');
  });
});

describe('assignTicket', () => {
  it('assigns, tells the assignee once, and takes the ticket away again', async () => {
    const id = await add({ title: 'Unread' });
    const { ticket } = await change('manager', 'assignTicket', { id, assigneeId: person('agent') });
    expect(ticket).toMatchObject({ assignee: { name: 'agent of acme' }, version: 2 });
    expect(kinds(ticket)).toEqual(['ASSIGNED']);
    expect(ticket.events.edges[0].node.detail).toEqual({ assigneeId: { from: null, to: person('agent') } });
    await change('manager', 'assignTicket', { id, assigneeId: person('agent') });
    const told = await notificationsOf('agent');
    expect(told.filter((subject) => subject.endsWith(': Unread'))).toHaveLength(1);
    const { ticket: taken } = await change('agent', 'assignTicket', { id, assigneeId: null, version: 2 });
    expect(taken).toMatchObject({ assignee: null, version: 3 });
  });

  it('does not tell people what they took for themselves', async () => {
    const id = await add({ title: 'Taken' });
    await change('agent', 'assignTicket', { id, assigneeId: person('agent') });
    expect((await notificationsOf('agent')).filter((subject) => subject.endsWith(': Taken'))).toEqual([]);
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
    expect(kinds(result.ticket)).toEqual([kind]);
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

describe('addTicketComment', () => {
  it('writes a comment that is counted, in the history, and leaves the version as it is', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    now = new Date(testNow.getTime() + 60_000);
    const { ticket } = await change('member', 'addTicketComment', { ticketId: id, body: ' Any news? ' });
    expect(ticket).toMatchObject({ version: 1, updatedAt: now.toISOString() });
    expect(ticket.comments).toEqual({
      totalCount: 1,
      edges: [{ node: { body: 'Any news?', internal: false, author: { name: 'member of acme' } } }],
    });
    expect(kinds(ticket)).toEqual(['COMMENTED']);
  });

  it('keeps internal comments, their count, their event and their node from members', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    const { ticket } = await change('agent', 'addTicketComment', { ticketId: id, body: 'Psst', internal: true });
    expect(ticket.comments.totalCount).toBe(1);
    const query = `query ($id: ID!, $comment: ID!, $event: ID!) {
      ticket(id: $id) { comments { totalCount edges { node { body } } } events { totalCount edges { node { kind } } } }
      comment: node(id: $comment) { id } event: node(id: $event) { id }
    }`;
    const ids = await world.ask(
      world.acme.people.agent.token,
      `query ($id: ID!) { ticket(id: $id) { comments { edges { node { id } } } events { edges { node { id detail } } } } }`,
      { variables: { id } },
    );
    const comment = ids.data.ticket.comments.edges[0].node.id;
    const event = ids.data.ticket.events.edges[0].node;
    expect(event.detail).toEqual({ commentId: comment, internal: true });
    const ask = async (role: Role) =>
      (await world.ask(world.acme.people[role].token, query, { variables: { id, comment, event: event.id } })).data;
    expect(await ask('member')).toEqual({
      ticket: { comments: { totalCount: 0, edges: [] }, events: { totalCount: 0, edges: [] } },
      comment: null,
      event: null,
    });
    expect(await ask('agent')).toMatchObject({ comment: { id: comment }, event: { id: event.id } });
  });

  it('is refused to members who write internally, on what they may not see, or nothing', async () => {
    const mine = await add({ reporter_id: world.acme.people.member.id });
    const other = await add();
    const internal = await change('member', 'addTicketComment', { ticketId: mine, body: 'x', internal: true });
    expect(internal.__typename).toBe('ForbiddenError');
    expect((await change('member', 'addTicketComment', { ticketId: other, body: 'x' })).__typename).toBe(
      'NotFoundError',
    );
    expect(fieldsOf(await change('member', 'addTicketComment', { ticketId: mine, body: ' \n ' }))).toEqual(['body']);
  });
});

describe('deleteTicket', () => {
  it('deletes a ticket with its comments, its history and its notifications', async () => {
    const id = await add({ title: 'Gone' });
    await change('manager', 'assignTicket', { id, assigneeId: person('agent') });
    await change('agent', 'addTicketComment', { ticketId: id, body: 'x' });
    expect(await change('manager', 'deleteTicket', { id })).toMatchObject({ deletedTicketId: id });
    expect((await change('manager', 'deleteTicket', { id })).__typename).toBe('NotFoundError');
    expect((await notificationsOf('agent')).filter((subject) => subject.endsWith(': Gone'))).toEqual([]);
    const left = await world.database.owner.query(
      'SELECT ticket_id FROM ticket_comments UNION ALL SELECT ticket_id FROM ticket_events',
    );
    const uuid = Buffer.from(id, 'base64url').toString().split(':')[1];
    expect(left.rows.filter((row) => row.ticket_id === uuid)).toEqual([]);
  });

  it('is refused to agents, members and a stale version', async () => {
    const id = await add({ reporter_id: world.acme.people.member.id });
    expect((await change('agent', 'deleteTicket', { id })).__typename).toBe('ForbiddenError');
    expect((await change('member', 'deleteTicket', { id })).__typename).toBe('ForbiddenError');
    expect((await change('admin', 'deleteTicket', { id, version: 9 })).currentVersion).toBe(1);
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
    expect(all.statements.length).toBe(one.statements.length);
    expect(all.result.tickets.map((ticket: any) => ticket.id)).toEqual(ids);
    for (const ticket of all.result.tickets) {
      expect(ticket).toMatchObject({ status: 'IN_PROGRESS', priority: 'HIGH', version: 2 });
    }
    expect(await notificationsOf('manager')).toHaveLength(100);
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
