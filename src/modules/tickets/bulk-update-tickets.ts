import { z } from 'zod';
import { ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockTickets, requireTicketWorker } from './access.ts';
import { changeTickets } from './change-tickets.ts';
import { TicketPriorityEnum, TicketStatusEnum } from './enums.ts';
import { ticketPriorities, ticketStatuses } from './table.ts';

const most = 100;

builder.relayMutationField(
  'bulkUpdateTickets',
  {
    description: 'What to change on all of these tickets: a field left out stays as it is, null means nobody.',
    inputFields: (t) => ({
      ids: t.idList({ required: true, description: `The tickets, 1 to ${most}.` }),
      status: t.field({
        type: TicketStatusEnum,
        description: 'Where they are to stand; each must be able to get there.',
      }),
      priority: t.field({ type: TicketPriorityEnum, description: 'How soon they must be looked after.' }),
      assigneeId: t.id({ description: 'Who is to look after them.' }),
      teamId: t.id({ description: 'The team that is to look after them.' }),
    }),
  },
  {
    description:
      'Makes one change to many tickets: to all of them, or to none where one may not be changed like that. ' +
      'A ticket that is like that already is left as it is.',
    authScopes: { permission: 'tickets:write' },
    errors: {},
    resolve: mutation({
      input: z.object({
        ids: z.array(globalId('Ticket')).min(1, 'Send at least one id.').max(most, `Send at most ${most} ids.`),
        status: z.enum(ticketStatuses).nullish(),
        priority: z.enum(ticketPriorities).nullish(),
        assigneeId: globalId('Person').nullish(),
        teamId: globalId('Team').nullish(),
      }),
      async run({ input: { ids, status, priority, assigneeId, teamId }, trx, context }) {
        requireTicketWorker(context.viewer, 'change many at once');
        const patch = { status: status ?? undefined, priority: priority ?? undefined, assigneeId, teamId };
        if (Object.values(patch).every((value) => value === undefined)) {
          const message = 'Send what to change: status, priority, assigneeId or teamId.';
          throw new ValidationError([{ field: 'input', message }]);
        }
        const tickets = await lockTickets({ trx, context, ids: [...new Set(ids)], permission: 'tickets:write' });
        await changeTickets({ trx, context, tickets, patch });
        return { ticketIds: ids };
      },
    }),
  },
  {
    outputFields: (t) => ({
      tickets: t.field({
        type: ['Ticket'],
        description: 'The tickets as they are now, in the order of the ids; without those you may no longer see.',
        async resolve({ ticketIds }, _args, context) {
          const tickets = await Promise.all(ticketIds.map((id) => context.loaders.ticket.load(id)));
          return tickets.filter((ticket) => ticket !== null);
        },
      }),
    }),
  },
);
