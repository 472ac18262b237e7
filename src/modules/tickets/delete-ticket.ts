import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { encodeGlobalId, globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockTicket, requireVersion } from './access.ts';
import { versionNumber } from './input-texts.ts';

builder.relayMutationField(
  'deleteTicket',
  {
    description: 'The ticket to delete.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The ticket.' }),
      version: t.int({ description: 'The version you have read; leave it out to delete whatever it is now.' }),
    }),
  },
  {
    description: 'Deletes a ticket with its comments and its history, for good. Its number is not given out again.',
    authScopes: { permission: 'tickets:delete' },
    errors: {},
    resolve: mutation({
      input: z.object({ id: globalId('Ticket'), version: versionNumber.nullish() }),
      async run({ input: { id, version }, trx, context }) {
        const ticket = await lockTicket({ trx, context, id, permission: 'tickets:delete' });
        requireVersion(ticket, version);
        await trx.deleteFrom('tickets').where('id', '=', id).execute();
        return { deletedTicketId: id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      deletedTicketId: t.id({
        description: 'The global id of what was deleted.',
        resolve: ({ deletedTicketId }) => encodeGlobalId('Ticket', deletedTicketId),
      }),
    }),
  },
);
