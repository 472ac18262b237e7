import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { builder } from '../../graphql/builder.ts';
import { isInstant, type ConnectionOrder } from '../../graphql/connection.ts';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import { createNestedLoader, nestedConnection, type NestedLoader } from '../../graphql/nested-connection.ts';
import { worksOnTickets } from './access.ts';
import type { TicketCommentRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    TicketComment: TicketCommentRow;
  }
}
declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Comments the viewer may see, of tickets they may see; null for any other. */
    ticketComment: DataLoader<string, TicketCommentRow | null>;
    ticketComments: NestedLoader<TicketCommentRow>;
  }
}

const oldestFirst: ConnectionOrder<TicketCommentRow> = {
  name: 'written',
  by: sql.ref('ticket_comments.created_at'),
  valueOf: (comment) => comment.created_at,
  direction: 'asc',
  accepts: isInstant,
};

defineLoader(
  'ticketComment',
  ({ db, viewer, loaders }) =>
    new DataLoader(async (ids) => {
      const rows = await db.read.selectFrom('ticket_comments').selectAll().where('id', 'in', ids).execute();
      const written = rows.filter(({ internal }) => !internal || worksOnTickets(viewer));
      const tickets = await Promise.all(written.map((comment) => loaders.ticket.load(comment.ticket_id)));
      const visible = written.filter((_, index) => tickets[index]);
      return inOrderOf(ids, visible, (comment) => comment.id);
    }),
);

defineLoader('ticketComments', ({ db, viewer }) =>
  createNestedLoader({
    db: db.read,
    order: oldestFirst,
    id: sql.ref('ticket_comments.id'),
    children: (ticketId) =>
      db.read
        .selectFrom('ticket_comments')
        .where('ticket_comments.ticket_id', '=', ticketId)
        .$if(!worksOnTickets(viewer), (query) => query.where('ticket_comments.internal', '=', false))
        .selectAll('ticket_comments'),
  }),
);

builder.node('TicketComment', {
  description: 'What somebody wrote on a ticket.',
  id: { resolve: (comment) => comment.id },
  loadOne: (id, context) => context.loaders.ticketComment.load(id),
  fields: (t) => ({
    author: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who wrote it; null where that is nobody of the tenant.',
      resolve: ({ author_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    body: t.exposeString('body', { description: 'The text.' }),
    internal: t.exposeBoolean('internal', { description: 'Whether only those who work on tickets see it.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was written.' }),
  }),
});

builder.objectField('Ticket', 'comments', (t) =>
  t.connection(
    {
      type: 'TicketComment',
      description: 'What was written on it, oldest first. Internal comments only for those who work on tickets.',
      resolve: (ticket, args, { viewer, loaders }) =>
        nestedConnection(loaders.ticketComments, {
          parentId: ticket.id,
          args,
          totalCount: worksOnTickets(viewer) ? ticket.comment_count : ticket.public_comment_count,
        }),
    },
    { name: 'TicketCommentConnection' },
    { name: 'TicketCommentEdge' },
  ),
);
