import { z } from 'zod';
import { ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockTicket, requireTicketWorker, requireVersion } from './access.ts';
import { changeTickets } from './change-tickets.ts';
import { versionNumber } from './input-texts.ts';
import { ticketPayload } from './payload.ts';

builder.relayMutationField(
  'assignTicket',
  {
    description: 'Who is to look after a ticket: a field left out stays as it is, null means nobody.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The ticket.' }),
      assigneeId: t.id({ description: 'The person.' }),
      teamId: t.id({ description: 'The team.' }),
      version: t.int({ description: 'The version you have read; leave it out to assign whatever it is now.' }),
    }),
  },
  {
    description: 'Gives a ticket to a person or a team, and tells the person.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({
      input: z.object({
        id: globalId('Ticket'),
        assigneeId: globalId('Person').nullish(),
        teamId: globalId('Team').nullish(),
        version: versionNumber.nullish(),
      }),
      async run({ input: { id, version, assigneeId, teamId }, trx, context }) {
        const ticket = await lockTicket({ trx, context, id, permission: 'tickets:write' });
        requireTicketWorker(context.viewer, 'assign them');
        if (assigneeId === undefined && teamId === undefined) {
          throw new ValidationError([{ field: 'assigneeId', message: 'Send assigneeId, teamId or both.' }]);
        }
        requireVersion(ticket, version);
        await changeTickets({ trx, context, tickets: [ticket], patch: { assigneeId, teamId } });
        return { ticketId: id };
      },
    }),
  },
  ticketPayload,
);
