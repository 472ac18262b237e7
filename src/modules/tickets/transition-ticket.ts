import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockTicket, requireTicketWorker, requireVersion } from './access.ts';
import { changeTickets } from './change-tickets.ts';
import { TicketStatusEnum } from './enums.ts';
import { versionNumber } from './input-texts.ts';
import { ticketStatuses } from './table.ts';
import { requireTransitions } from './transitions.ts';

builder.relayMutationField(
  'transitionTicket',
  {
    description: 'Where a ticket is to stand.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The ticket.' }),
      status: t.field({
        type: TicketStatusEnum,
        required: true,
        description:
          'NEW can become IN_PROGRESS, WAITING, RESOLVED or CLOSED; IN_PROGRESS and WAITING each other, RESOLVED or ' +
          'CLOSED; RESOLVED CLOSED or IN_PROGRESS again; CLOSED only IN_PROGRESS again.',
      }),
      version: t.int({ description: 'The version you have read; leave it out to change whatever it is now.' }),
    }),
  },
  {
    description: 'Moves a ticket on: begins, holds, solves, closes or reopens it.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({
      input: z.object({ id: globalId('Ticket'), status: z.enum(ticketStatuses), version: versionNumber.nullish() }),
      async run({ input: { id, status, version }, trx, context }) {
        const ticket = await lockTicket({ trx, context, id, permission: 'tickets:write' });
        requireTicketWorker(context.viewer, 'change their status');
        requireVersion(ticket, version);
        requireTransitions([ticket], status); // here, staying the same is refused too
        await changeTickets({ trx, context, tickets: [ticket], patch: { status } });
        return { ticketId: id };
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
    }),
  },
);
