import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { resolveConnection } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import { matchesFilter, TicketFilterInput, ticketFilter, whereOverdue } from './filter.ts';
import { orderOf, TicketOrderInput, ticketOrder } from './order.ts';
import { matchesSearch, ticketSearch } from './search.ts';

const ticketInput = z.object({ id: globalId('Ticket') });
const ticketsInput = z.object({ filter: ticketFilter, search: ticketSearch, orderBy: ticketOrder });

builder.queryField('ticket', (t) =>
  t.field({
    cacheControl: { maxAge: 300 },
    type: 'Ticket',
    nullable: true,
    description: 'One ticket; null where there is none that you may see.',
    authScopes: { permission: 'tickets:read' },
    args: { id: t.arg.id({ required: true, description: 'Its global id.' }) },
    resolve: (_root, args, context) => context.loaders.ticket.load(parseInput(ticketInput, args).id),
  }),
);

builder.queryField('tickets', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 300 },
      type: 'Ticket',
      description: 'The tickets you may see, newest first unless you say otherwise.',
      authScopes: { permission: 'tickets:read' },
      args: {
        filter: t.arg({ type: TicketFilterInput, description: 'Which tickets.' }),
        search: t.arg.string({
          description: 'Text found in the title or the description, in any case; or the number of a ticket.',
        }),
        orderBy: t.arg({
          type: TicketOrderInput,
          description: 'In what order; by creation, newest first, if not sent.',
        }),
      },
      async resolve(_root, args, context, info) {
        const { filter, search, orderBy } = parseInput(ticketsInput, args);
        const tickets = context.db.read
          .selectFrom('tickets')
          .where(
            withinReach(context.viewer, 'tickets:read', {
              site: 'tickets.site_id',
              owners: ['tickets.reporter_id', 'tickets.assignee_id'],
            }),
          )
          .where(matchesFilter(filter))
          .where(matchesSearch(search));
        return resolveConnection({
          args,
          info,
          order: orderOf(orderBy),
          id: sql.ref('tickets.id'),
          rows: (query) => query.selectAll('tickets'),
          filtered: filter?.overdue == null ? tickets : await whereOverdue(context, tickets, filter.overdue),
        });
      },
    },
    { name: 'TicketConnection' },
    { name: 'TicketEdge' },
  ),
);
