import { sql } from 'kysely';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import type { TicketRow } from '../../src/modules/tickets/table.ts';
import { testNow, type Role, type TestTenant, type World } from './world.ts';

export type NewTicket = Partial<Omit<TicketRow, 'priority_rank' | 'comment_count' | 'public_comment_count'>>;

/** Adds tickets past the API, numbered on from those there are; answers their ids. */
export async function insertTickets(tenant: TestTenant, tickets: readonly NewTicket[]): Promise<string[]> {
  return tenant.session.write(async (trx) => {
    const count = tickets.length;
    const { last: highest } = await trx
      .insertInto('ticket_numbers')
      .values({ last: count })
      .onConflict((conflict) =>
        conflict.column('tenant_id' as never).doUpdateSet({ last: sql<number>`ticket_numbers.last + ${count}` }),
      )
      .returning('last')
      .executeTakeFirstOrThrow();
    const last = highest - count;
    const rows = tickets.map((ticket, index) => ({
      id: newId(),
      number: last + index + 1,
      title: `Ticket ${last + index + 1}`,
      site_id: tenant.sites.here,
      created_at: testNow,
      updated_at: testNow,
      ...ticket,
    }));
    for (let start = 0; start < rows.length; start += 1000) {
      await trx
        .insertInto('tickets')
        .values(rows.slice(start, start + 1000))
        .execute();
    }
    return rows.map(({ id }) => id);
  });
}

/** Gives every relation a row of its own to point at; answers their ids. */
export async function insertNeighbours(tenant: TestTenant) {
  const ids = { categoryId: newId(), customerId: newId(), assetId: newId() };
  await tenant.session.write(async (trx) => {
    await trx
      .insertInto('choices')
      .values({
        id: ids.categoryId,
        kind: 'TICKET_CATEGORY',
        key: `printing-${ids.categoryId.slice(-6)}`,
        label: 'Printing',
      })
      .execute();
    await trx.insertInto('customers').values({ id: ids.customerId, name: 'Ada', email: 'ada@customer.test' }).execute();
    await trx
      .insertInto('assets')
      .values({ id: ids.assetId, name: 'Printer', tag: `P-${ids.assetId.slice(-6)}`, site_id: tenant.sites.here })
      .execute();
  });
  return ids;
}

export const ticketId = (id: string) => encodeGlobalId('Ticket', id);

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

export type ChangeArgs = [role: Role, mutation: string, input: object, headers?: Record<string, string>];

/** Runs one mutation on tickets at acme; answers its payload or typed error, with everything that can be asked. */
export async function changeTicket(world: World, ...[role, name, input, headers = {}]: ChangeArgs): Promise<any> {
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

/** The fields that a ValidationError names. */
export const fieldsOf = (result: any): string[] => result.fields?.map((problem: any) => problem.field);

/** What happened to a ticket, in order. */
export const kindsOf = (ticket: any): string[] => ticket.events.edges.map((edge: any) => edge.node.kind);

/** The subjects of what a person of acme was told. */
export async function notificationsOf(world: World, role: Role): Promise<string[]> {
  const { id } = world.acme.people[role];
  const { rows } = await world.database.owner.query('SELECT subject FROM notifications WHERE person_id = $1', [id]);
  return rows.map(({ subject }) => subject);
}
