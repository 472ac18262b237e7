import { builder } from '../../graphql/builder.ts';
import { loadVisibleTicket } from './loaders.ts';
import type { TicketRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Ticket: TicketRow;
  }
}

builder.node('Ticket', {
  description: 'Something somebody needs help with.',
  id: { resolve: (ticket) => ticket.id },
  loadOne: (id, context) => loadVisibleTicket(context, id),
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Its number, unique within the tenant.' }),
    title: t.exposeString('title', { description: 'What it is about, in one line.' }),
  }),
});
