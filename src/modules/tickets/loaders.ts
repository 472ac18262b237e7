import type DataLoader from 'dataloader';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import { reaches, type Placement } from '../../graphql/viewer.ts';
import type { TicketRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    ticket: DataLoader<string, TicketRow | null>;
  }
}

defineLoader('ticket', (context) => rowLoader(context, 'tickets'));

/** A ticket the viewer may see; null for any other, as if it did not exist. */
export async function loadVisibleTicket(context: Context, id: string): Promise<TicketRow | null> {
  const ticket = await context.loaders.ticket.load(id);
  return ticket && reaches(context.viewer, 'tickets:read', placementOf(ticket)) ? ticket : null;
}

/** What decides who may see or change a ticket: its site, and the two people whose own it is. */
export function placementOf(ticket: Pick<TicketRow, 'site_id' | 'reporter_id' | 'assignee_id'>): Placement {
  return { siteId: ticket.site_id, ownerIds: [ticket.reporter_id, ticket.assignee_id] };
}
