import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { Context } from '../../graphql/context.ts';
import { newId } from '../../ids.ts';
import type { TicketEventKind } from './table.ts';

export interface NewEvent {
  ticketId: string;
  kind: TicketEventKind;
  /** For changes: each field with what it was and what it became, ids as the database has them. */
  detail: Record<string, unknown>;
}

/** Writes into the history of tickets what the viewer does now. */
export async function recordEvents(trx: Kysely<Tables>, context: Context, events: readonly NewEvent[]): Promise<void> {
  await trx
    .insertInto('ticket_events')
    .values(
      events.map(({ ticketId, kind, detail }) => ({
        id: newId(),
        ticket_id: ticketId,
        kind,
        actor_id: context.viewer.personId,
        detail: JSON.stringify(detail),
        occurred_at: context.now,
      })),
    )
    .execute();
}
