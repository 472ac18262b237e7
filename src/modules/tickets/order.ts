import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { isInstant, type ConnectionOrder } from '../../graphql/connection.ts';
import { OrderDirectionEnum } from '../../graphql/order-direction.ts';
import type { TicketRow } from './table.ts';

const TicketOrderFieldEnum = builder.enumType('TicketOrderField', {
  description: 'What tickets can be ordered by.',
  values: {
    CREATED_AT: { description: 'When they were opened.' },
    UPDATED_AT: { description: 'When they last changed.' },
    DUE_AT: { description: 'When they are due; those without a due date count as due last of all.' },
    PRIORITY: { description: 'How urgent they are: LOW, NORMAL, HIGH, URGENT.' },
    NUMBER: { description: 'Their numbers.' },
  },
});

export const TicketOrderInput = builder.inputType('TicketOrder', {
  description: 'In what order tickets are listed.',
  fields: (t) => ({
    field: t.field({ type: TicketOrderFieldEnum, required: true, description: 'What they are ordered by.' }),
    direction: t.field({
      type: OrderDirectionEnum,
      required: true,
      defaultValue: 'DESC',
      description: 'From the lowest or from the highest.',
    }),
  }),
});

const fields = ['CREATED_AT', 'UPDATED_AT', 'DUE_AT', 'PRIORITY', 'NUMBER'] as const;

export const ticketOrder = z.object({ field: z.enum(fields), direction: z.enum(['ASC', 'DESC']) }).nullish();

type Order = Omit<ConnectionOrder<TicketRow>, 'name' | 'direction'>;

const isNumber = (value: string | number) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31;
const isRank = (value: string | number) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 15;

/** Each has an index of just this expression. */
const orders: Record<(typeof fields)[number], Order> = {
  CREATED_AT: { by: sql.ref('tickets.created_at'), valueOf: (ticket) => ticket.created_at, accepts: isInstant },
  UPDATED_AT: { by: sql.ref('tickets.updated_at'), valueOf: (ticket) => ticket.updated_at, accepts: isInstant },
  DUE_AT: {
    by: sql`coalesce(tickets.due_at, 'infinity'::timestamptz)`,
    valueOf: (ticket) => ticket.due_at ?? 'infinity',
    accepts: isInstant,
  },
  PRIORITY: { by: sql.ref('tickets.priority_rank'), valueOf: (ticket) => ticket.priority_rank, accepts: isRank },
  NUMBER: { by: sql.ref('tickets.number'), valueOf: (ticket) => ticket.number, accepts: isNumber },
};

/** Newest first where nothing is asked for. */
export function orderOf(order: z.output<typeof ticketOrder>): ConnectionOrder<TicketRow> {
  const { field, direction } = order ?? { field: 'CREATED_AT', direction: 'DESC' };
  return { ...orders[field], name: `${field} ${direction}`, direction: direction === 'ASC' ? 'asc' : 'desc' };
}
