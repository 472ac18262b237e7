import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import { lockTicket, requireTicketWorker } from './access.ts';
import './comments.ts';
import { commentText } from './input-texts.ts';
import { recordEvents } from './record-events.ts';

builder.relayMutationField(
  'addTicketComment',
  {
    description: 'A comment on a ticket.',
    inputFields: (t) => ({
      ticketId: t.id({ required: true, description: 'The ticket.' }),
      body: t.string({ required: true, description: 'The text; 1 to 20000 characters.' }),
      internal: t.boolean({ description: 'true: only those who work on tickets will see it. Default false.' }),
    }),
  },
  {
    description: 'Writes on a ticket. Those who only report tickets may write on their own, for everybody to see.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({
      input: z.object({ ticketId: globalId('Ticket'), body: commentText, internal: z.boolean().nullish() }),
      async run({ input: { ticketId, body, internal }, trx, context }) {
        await lockTicket({ trx, context, id: ticketId, permission: 'tickets:write' });
        if (internal) requireTicketWorker(context.viewer, 'write internal comments');
        const comment = { id: newId(), ticket_id: ticketId, body, internal: internal ?? false };
        await trx
          .insertInto('ticket_comments')
          .values({ ...comment, author_id: context.viewer.personId, created_at: context.now })
          .execute();
        const detail = { commentId: comment.id, internal: comment.internal };
        await recordEvents(trx, context, [{ ticketId, kind: 'COMMENTED', detail }]);
        return { ticketId, commentId: comment.id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      ticket: t.field({
        type: 'Ticket',
        nullable: true,
        description: 'The ticket as it is now.',
        resolve: ({ ticketId }, _args, context) => context.loaders.ticket.load(ticketId),
      }),
      comment: t.field({
        type: 'TicketComment',
        nullable: true,
        description: 'The new comment.',
        resolve: ({ commentId }, _args, context) => context.loaders.ticketComment.load(commentId),
      }),
    }),
  },
);
