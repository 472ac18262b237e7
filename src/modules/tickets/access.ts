import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.ts';
import type { Context } from '../../graphql/context.ts';
import { mayPlace, reaches, type Permission, type Viewer } from '../../graphql/viewer.ts';
import { placementOf } from './loaders.ts';
import type { TicketRow } from './table.ts';

/**
 * Whether the viewer works on other people's tickets, and is not only somebody who reports their own. They see
 * internal comments, and change more of a ticket than its text.
 */
export function worksOnTickets({ permissions }: Viewer): boolean {
  const reach = permissions.get('tickets:write');
  return reach === 'any' || reach === 'sites';
}

export function requireTicketWorker(viewer: Viewer, what: string): void {
  if (!worksOnTickets(viewer)) throw new ForbiddenError(`Only those who work on tickets may ${what}.`);
}

export interface LockTickets {
  trx: Kysely<Tables>;
  context: Context;
  ids: readonly string[];
  permission: Permission;
}

/**
 * Reads tickets to change them, in the order of their ids so that two that lock the same ones wait instead of
 * deadlocking. Fails with NotFoundError where the viewer sees no such ticket, with ForbiddenError where they see it
 * but their permission does not reach it.
 */
export async function lockTickets({ trx, context, ids, permission }: LockTickets): Promise<TicketRow[]> {
  const { viewer } = context;
  const rows = await trx.selectFrom('tickets').selectAll().where('id', 'in', ids).orderBy('id').forUpdate().execute();
  const visible = rows.filter((ticket) => reaches(viewer, 'tickets:read', placementOf(ticket)));
  if (visible.length < new Set(ids).size) {
    throw new NotFoundError(ids.length === 1 ? 'The ticket' : 'At least one of these tickets');
  }
  const beyond = visible.find((ticket) => !reaches(viewer, permission, placementOf(ticket)));
  if (beyond) throw new ForbiddenError(`You may see ticket #${beyond.number} but not change it.`);
  return visible;
}

export async function lockTicket({ id, ...rest }: Omit<LockTickets, 'ids'> & { id: string }): Promise<TicketRow> {
  const [ticket] = await lockTickets({ ...rest, ids: [id] });
  if (!ticket) throw new NotFoundError('The ticket');
  return ticket;
}

/** No version, no check. */
export function requireVersion(ticket: TicketRow, version: number | null | undefined): void {
  if (version == null || version === ticket.version) return;
  throw new ConflictError(
    `Somebody changed ticket #${ticket.number} since you read it. Read it again, then send version ${ticket.version}.`,
    ticket.version,
  );
}

/** Fails where the viewer puts a ticket where they could not change it again, or at a site beyond their reach. */
export function requirePlace(viewer: Viewer, ticket: Pick<TicketRow, 'site_id' | 'reporter_id' | 'assignee_id'>): void {
  if (mayPlace(viewer, 'tickets:write', placementOf(ticket))) return;
  throw new ForbiddenError('You may place tickets only at your own sites: send one of them as siteId.');
}
