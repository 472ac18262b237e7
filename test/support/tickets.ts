import { sql } from 'kysely';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import type { TicketRow } from '../../src/modules/tickets/table.ts';
import { testNow, type TestTenant } from './world.ts';

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
