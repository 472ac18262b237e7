import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { Context } from '../../graphql/context.ts';
import { requirePlace } from './access.ts';
import { notifyAssignee } from './notify-assignee.ts';
import { recordEvents, type NewEvent } from './record-events.ts';
import { requireReferences } from './references.ts';
import type { TicketRow, TicketStatus } from './table.ts';
import { requireTransitions, transitionKind } from './transitions.ts';

/** The fields of a ticket that mutations change, and their columns. */
const columns = {
  title: 'title',
  description: 'description',
  status: 'status',
  priority: 'priority',
  categoryId: 'category_id',
  siteId: 'site_id',
  customerId: 'customer_id',
  assetId: 'asset_id',
  reporterId: 'reporter_id',
  assigneeId: 'assignee_id',
  teamId: 'team_id',
  dueAt: 'due_at',
} as const satisfies Record<string, keyof TicketRow>;

type Field = keyof typeof columns;
/** What is to change: an absent field stays as it is. */
export type TicketPatch = { [Name in Field]?: TicketRow[(typeof columns)[Name]] | undefined };

export interface ChangeTickets {
  trx: Kysely<Tables>;
  context: Context;
  /** Locked by this transaction. */
  tickets: readonly TicketRow[];
  patch: TicketPatch;
}

/**
 * Makes one change to any number of tickets, in a number of statements that does not depend on it: checks, one UPDATE,
 * the history, the notifications. A ticket that is like that already is left alone, version and all.
 */
export async function changeTickets({ trx, context, tickets, patch }: ChangeTickets): Promise<void> {
  const changes = tickets
    .map((ticket) => ({ ticket, fields: changedFields(ticket, patch) }))
    .filter(({ fields }) => fields.length > 0);
  if (changes.length === 0) return;

  const changed = new Set(changes.flatMap(({ fields }) => fields));
  const changing = (field: Field) => changes.filter(({ fields }) => fields.includes(field)).map(({ ticket }) => ticket);
  if (patch.status) requireTransitions(changing('status'), patch.status);
  for (const ticket of changing('siteId')) requirePlace(context.viewer, { ...ticket, site_id: patch.siteId ?? null });
  await requireReferences(trx, context, Object.fromEntries([...changed].map((field) => [field, patch[field]])));

  const values = Object.entries(patch).filter(([, value]) => value !== undefined);
  await trx
    .updateTable('tickets')
    .set({
      ...Object.fromEntries(values.map(([field, value]) => [columns[field as Field], value])),
      ...(patch.status && timesOf(patch.status, context.now)),
      version: sql`tickets.version + 1`,
      updated_at: context.now,
    })
    .where(
      'id',
      'in',
      changes.map(({ ticket }) => ticket.id),
    )
    .execute();
  await recordEvents(
    trx,
    context,
    changes.flatMap(({ ticket, fields }) => eventsOf(ticket, fields, patch)),
  );
  if (patch.assigneeId) await notifyAssignee(trx, context, patch.assigneeId, changing('assigneeId'));
}

function changedFields(ticket: TicketRow, patch: TicketPatch): Field[] {
  return (Object.keys(columns) as Field[]).filter((field) => {
    if (patch[field] === undefined) return false;
    return plain(patch[field]) !== plain(ticket[columns[field]]);
  });
}

/** Resolved while RESOLVED and once CLOSED from there; closed while CLOSED; taken up again, neither. */
function timesOf(
  status: TicketStatus,
  now: Date,
): { resolved_at?: RawBuilder<Date> | null; closed_at: RawBuilder<Date> | null } {
  if (status === 'CLOSED') return { closed_at: sql<Date>`coalesce(tickets.closed_at, ${now})` };
  if (status !== 'RESOLVED') return { resolved_at: null, closed_at: null };
  return {
    resolved_at: sql<Date>`case tickets.status when 'RESOLVED' then tickets.resolved_at else ${now} end`,
    closed_at: null,
  };
}

/** One change may be several things in the history: what was done to its status, its priority, its people, the rest. */
function eventsOf(ticket: TicketRow, fields: readonly Field[], patch: TicketPatch): NewEvent[] {
  const kindOf = (field: Field) => {
    if (field === 'status') return transitionKind(ticket.status, patch.status ?? ticket.status);
    if (field === 'priority') return 'PRIORITIZED';
    return field === 'assigneeId' || field === 'teamId' ? 'ASSIGNED' : 'UPDATED';
  };
  const kinds = [...new Set(fields.map(kindOf))];
  return kinds.map((kind) => ({
    ticketId: ticket.id,
    kind,
    detail: Object.fromEntries(
      fields
        .filter((field) => kindOf(field) === kind)
        .map((field) => [field, { from: plain(ticket[columns[field]]), to: plain(patch[field] ?? null) }]),
    ),
  }));
}

function plain(value: TicketRow[keyof TicketRow] | undefined): string | number | null {
  return value instanceof Date ? value.toISOString() : (value ?? null);
}
