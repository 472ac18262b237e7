import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
let now = testNow;
beforeEach(() => void (now = testNow));
beforeAll(async () => void (world = await createWorld({ now: () => now })));
afterAll(() => world.close());

const change = (...args: ChangeArgs) => changeTicket(world, ...args);
const add = async (ticket: NewTicket = {}) => ticketId((await insertTickets(world.acme, [ticket]))[0] ?? '');
const person = (role: Role) => world.acme.people[role].globalId;

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
    expect(kindsOf(ticket)).toEqual(['COMMENTED']);
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
    expect((await notificationsOf(world, 'agent')).filter((subject) => subject.endsWith(': Gone'))).toEqual([]);
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
