import DataLoader from 'dataloader';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import type { Placement } from '../../graphql/viewer.ts';
import { reaches } from '../../graphql/viewer.ts';
import type { TicketRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Tickets the viewer may see; null for any other, as if it did not exist. */
    ticket: DataLoader<string, TicketRow | null>;
  }
}

defineLoader(
  'ticket',
  ({ db, viewer }) =>
    new DataLoader<string, TicketRow | null>(async (ids) => {
      const rows = await db.read.selectFrom('tickets').selectAll().where('id', 'in', ids).execute();
      const visible = rows.filter((ticket) => reaches(viewer, 'tickets:read', placementOf(ticket)));
      return inOrderOf(ids, visible, (ticket) => ticket.id);
    }),
);

/** What decides who may see or change a ticket: its site, and the two people whose own it is. */
export function placementOf(ticket: Pick<TicketRow, 'site_id' | 'reporter_id' | 'assignee_id'>): Placement {
  return { siteId: ticket.site_id, ownerIds: [ticket.reporter_id, ticket.assignee_id] };
}
