import type { FieldMap } from '@pothos/core';
import type { builder } from '../../graphql/builder.ts';

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, { ticketId: string }>;

/** What a change answers that may take the ticket out of sight. */
export const ticketPayload = {
  outputFields: (t: Fields): FieldMap => ({
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'The ticket as it is now; null where you may no longer see it.',
      resolve: ({ ticketId }, _args, context) => context.loaders.ticket.load(ticketId),
    }),
  }),
};
