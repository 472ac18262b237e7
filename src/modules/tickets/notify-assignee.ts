import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { Context } from '../../graphql/context.ts';
import { newId } from '../../ids.ts';
import type { TicketRow } from './table.ts';

/** Tells somebody that tickets are theirs now; who takes a ticket for themselves need not be told. */
export async function notifyAssignee(
  trx: Kysely<Tables>,
  { viewer, now }: Context,
  assigneeId: string,
  tickets: readonly Pick<TicketRow, 'id' | 'number' | 'title'>[],
): Promise<void> {
  if (assigneeId === viewer.personId || tickets.length === 0) return;
  await trx
    .insertInto('notifications')
    .values(
      tickets.map(({ id, number, title }) => ({
        id: newId(),
        person_id: assigneeId,
        kind: 'TICKET_ASSIGNED',
        subject: `Ticket #${number} was assigned to you: ${title}`,
        ticket_id: id,
        created_at: now,
      })),
    )
    .execute();
}
