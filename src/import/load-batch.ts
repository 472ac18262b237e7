import { sql, type Kysely } from 'kysely';
import type { TenantSession } from '../db/session.ts';
import type { Tables } from '../db/tables.ts';
import { eventRef, type LogEvent } from './log-event.ts';
import { resolveReferences } from './references.ts';
import { planTickets } from './plan-tickets.ts';
import { writeHistory } from './write-history.ts';

export interface ImportTarget {
  session: TenantSession;
  tenant: { slug: string; timeZone: string };
}

export interface BatchResult {
  /** Tickets that are new. */
  tickets: number;
  /** Events that are new. */
  events: number;
  /** Events that were there already. */
  known: number;
  /** Events whose number in their case is taken by another event. */
  conflicting: LogEvent[];
}

/**
 * Loads some events in one transaction: afterwards they are all there, with the tickets they make or change, or none.
 * Events that are there already change nothing, so a batch can be loaded again after whatever happened to it.
 */
export function loadBatch({ session, tenant }: ImportTarget, events: readonly LogEvent[]): Promise<BatchResult> {
  return session.write(async (trx) => {
    await takeTurns(trx);
    const { fresh, known, conflicting } = await sortOut(trx, events);
    if (fresh.length === 0) return { tickets: 0, events: 0, known, conflicting };
    const ids = await resolveReferences(trx, fresh, tenant.slug);
    const tickets = await planTickets(trx, { events: fresh, ids, timeZone: tenant.timeZone });
    await writeHistory(trx, { events: fresh, tickets, agents: ids.agents, timeZone: tenant.timeZone });
    const added = tickets.filter(({ is_new }) => is_new).length;
    return { tickets: added, events: fresh.length, known, conflicting };
  });
}

/** Two imports into one tenant take turns batch by batch: neither adds what the other is adding. */
async function takeTurns(trx: Kysely<Tables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('import into ' || current_tenant(), 0))`.execute(trx);
}

/** Which events are new; the first of two with the same number counts, in the database or in the file. */
async function sortOut(trx: Kysely<Tables>, events: readonly LogEvent[]) {
  const rows = await trx
    .selectFrom('ticket_events')
    .select(['external_ref as ref', sql<string>`detail ->> 'activity'`.as('activity')])
    .where('external_ref', '=', sql<string>`any(${events.map(eventRef)}::text[])`)
    .execute();
  const there = new Map(rows.map(({ ref, activity }) => [ref, activity]));
  const fresh: LogEvent[] = [];
  const conflicting: LogEvent[] = [];
  for (const event of events) {
    const ref = eventRef(event);
    const activity = there.get(ref);
    if (activity === undefined) fresh.push(event);
    else if (activity !== event.activityName) conflicting.push(event);
    there.set(ref, activity ?? event.activityName);
  }
  return { fresh, conflicting, known: events.length - fresh.length - conflicting.length };
}
