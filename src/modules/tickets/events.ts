import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { isUuid } from '../../ids.ts';
import { builder } from '../../graphql/builder.ts';
import { isInstant, type ConnectionOrder } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { encodeGlobalId } from '../../graphql/global-id.ts';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import { createNestedLoader, nestedConnection, type NestedLoader } from '../../graphql/nested-connection.ts';
import { worksOnTickets } from './access.ts';
import { TicketEventKindEnum } from './enums.ts';
import { referencedType } from './references.ts';
import type { TicketEventRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    TicketEvent: TicketEventRow;
  }
}
declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Events the viewer may see, of tickets they may see; null for any other. */
    ticketEvent: DataLoader<string, TicketEventRow | null>;
    ticketEvents: NestedLoader<TicketEventRow>;
    /** How many events of a ticket the viewer may see. */
    ticketEventCount: DataLoader<string, number>;
  }
}

const oldestFirst: ConnectionOrder<TicketEventRow> = {
  name: 'occurred',
  by: sql.ref('ticket_events.occurred_at'),
  valueOf: (event) => event.occurred_at,
  direction: 'asc',
  accepts: isInstant,
};

defineLoader(
  'ticketEvent',
  (context) =>
    new DataLoader(async (ids) => {
      const rows = await visibleEvents(context).selectAll().where('id', 'in', ids).execute();
      const tickets = await Promise.all(rows.map((event) => context.loaders.ticket.load(event.ticket_id)));
      const visible = rows.filter((_, index) => tickets[index]);
      return inOrderOf(ids, visible, (event) => event.id);
    }),
);

defineLoader('ticketEvents', (context) =>
  createNestedLoader({
    db: context.db.read,
    order: oldestFirst,
    id: sql.ref('ticket_events.id'),
    children: (ticketId) =>
      visibleEvents(context).where('ticket_events.ticket_id', '=', ticketId).selectAll('ticket_events'),
  }),
);

defineLoader(
  'ticketEventCount',
  (context) =>
    new DataLoader<string, number>(async (ids) => {
      const rows = await visibleEvents(context)
        .where('ticket_events.ticket_id', 'in', ids)
        .groupBy('ticket_events.ticket_id')
        .select(['ticket_events.ticket_id', sql<number>`count(*)`.as('total')])
        .execute();
      const totals = new Map(rows.map((row) => [row.ticket_id, row.total]));
      return ids.map((id) => totals.get(id) ?? 0);
    }),
);

builder.node('TicketEvent', {
  description: 'One entry in the history of a ticket.',
  id: { resolve: (event) => event.id },
  loadOne: (id, context) => context.loaders.ticketEvent.load(id),
  fields: (t) => ({
    kind: t.expose('kind', { type: TicketEventKindEnum, description: 'What happened.' }),
    actor: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who did it; null where that is nobody of the tenant.',
      resolve: ({ actor_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    detail: t.field({
      type: 'JSON',
      description: 'For a change: each field with what it was and became, `{ "priority": { "from": …, "to": … } }`.',
      resolve: ({ detail }) => withGlobalIds(detail),
    }),
    occurredAt: t.expose('occurred_at', { type: 'DateTime', description: 'When it happened.' }),
  }),
});

builder.objectField('Ticket', 'events', (t) =>
  t.connection(
    {
      type: 'TicketEvent',
      description: 'Its history, oldest first.',
      resolve: ({ id }, args, { loaders }) =>
        nestedConnection(loaders.ticketEvents, {
          parentId: id,
          args,
          totalCount: () => loaders.ticketEventCount.load(id),
        }),
    },
    { name: 'TicketEventConnection' },
    { name: 'TicketEventEdge' },
  ),
);

/** That an internal comment was written is as internal as the comment. */
function visibleEvents({ db, viewer }: Context) {
  const events = db.read.selectFrom('ticket_events');
  return worksOnTickets(viewer)
    ? events
    : events.where(sql<boolean>`ticket_events.detail -> 'internal' is distinct from 'true'::jsonb`);
}

/** The database keeps plain uuids; clients know global ids. */
function withGlobalIds(detail: Record<string, unknown>): unknown {
  return Object.fromEntries(
    Object.entries(detail).map(([field, value]) => {
      const type = field === 'commentId' ? 'TicketComment' : referencedType(field);
      return [field, type ? encoded(type, value) : value];
    }),
  );
}

function encoded(type: string, value: unknown): unknown {
  if (isUuid(value)) return encodeGlobalId(type, value);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, id]) => [key, encoded(type, id)]));
}
