import { sql, type Kysely } from 'kysely';
import type { TenantSession } from '../db/session.ts';
import type { Tables } from '../db/tables.ts';
import { newId } from '../ids.ts';
import { eventRef, type LogEvent } from './log-event.ts';
import { nameOf } from './names.ts';
import { resolveReferences } from './references.ts';
import { settleTickets } from './settle-tickets.ts';

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

type Trx = Kysely<Tables>;

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
    const tickets = await findTickets(trx, fresh);
    const added = await addTickets(trx, { events: fresh, tickets, timeZone: tenant.timeZone });
    await addEvents(trx, { events: fresh, tickets, agents: ids.agents, timeZone: tenant.timeZone });
    await settleTickets(trx, { events: fresh, tickets, ids, timeZone: tenant.timeZone });
    return { tickets: added, events: fresh.length, known, conflicting };
  });
}

/** Two imports into one tenant take turns batch by batch: neither adds what the other is adding. */
async function takeTurns(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('import into ' || current_tenant(), 0))`.execute(trx);
}

/** Which events are new; the first of two with the same number counts, in the database or in the file. */
async function sortOut(trx: Trx, events: readonly LogEvent[]) {
  const rows = await trx
    .selectFrom('ticket_events')
    .select(['external_ref as ref', sql<string>`detail ->> 'activity'`.as('activity')])
    .where('external_ref', '=', sql<string>`any(${events.map(eventRef)}::text[])`)
    .execute();
  const there = new Map(rows.map(({ ref, activity }) => [ref, activity]));
  const fresh: LogEvent[] = [];
  const conflicting: LogEvent[] = [];
  for (const event of events) {
    const activity = there.get(eventRef(event));
    if (activity === undefined) fresh.push(event);
    else if (activity !== event.activityName) conflicting.push(event);
    there.set(eventRef(event), activity ?? event.activityName);
  }
  return { fresh, conflicting, known: events.length - fresh.length - conflicting.length };
}

/** The tickets' ids by case. */
async function findTickets(trx: Trx, events: readonly LogEvent[]): Promise<Map<string, string>> {
  const cases = [...new Set(events.map(({ caseId }) => caseId))];
  const rows = await trx
    .selectFrom('tickets')
    .select(['id', 'external_ref'])
    .where('external_ref', '=', sql<string>`any(${cases}::text[])`)
    .forUpdate()
    .execute();
  return new Map(rows.map(({ id, external_ref }) => [external_ref ?? '', id]));
}

interface TicketsToAdd {
  events: readonly LogEvent[];
  /** The new tickets' ids are put in here. */
  tickets: Map<string, string>;
  timeZone: string;
}

async function addTickets(trx: Trx, { events, tickets, timeZone }: TicketsToAdd): Promise<number> {
  const first = events.filter(({ caseId }) => !tickets.has(caseId) && tickets.set(caseId, newId()));
  if (first.length === 0) return 0;
  const rows = first.map(({ caseId, product, localTime }, index) => ({
    id: tickets.get(caseId),
    position: index + 1,
    title: `${nameOf('Product', product)}: ${caseId}`.slice(0, 200),
    external_ref: caseId,
    local_time: localTime,
  }));
  const { rows: numbers } = await sql<{ last: number }>`
    insert into ticket_numbers (last) values (${rows.length})
    on conflict (tenant_id) do update set last = ticket_numbers.last + excluded.last
    returning last`.execute(trx);
  const before = (numbers[0]?.last ?? 0) - rows.length;
  await sql`
    insert into tickets (id, number, title, source, external_ref, created_at, updated_at, version)
    select id, ${before}::integer + position, title, 'IMPORT', external_ref,
           local_time at time zone ${timeZone}, local_time at time zone ${timeZone}, 0
    from json_to_recordset(${JSON.stringify(rows)})
      as x(id uuid, position integer, title text, external_ref text, local_time timestamp)`.execute(trx);
  return rows.length;
}

interface EventsToAdd {
  events: readonly LogEvent[];
  tickets: ReadonlyMap<string, string>;
  agents: ReadonlyMap<string, string>;
  timeZone: string;
}

async function addEvents(trx: Trx, { events, tickets, agents, timeZone }: EventsToAdd): Promise<void> {
  const rows = events.map((event) => ({
    id: newId(),
    ticket_id: tickets.get(event.caseId),
    kind: event.activity.kind,
    actor_id: agents.get(event.agent),
    detail: {
      activity: event.activityName,
      sequence: event.sequence,
      ...(event.activity.status && { status: event.activity.status }),
      ...(event.activity.kind === 'PRIORITIZED' && { priority: event.priority }),
    },
    external_ref: eventRef(event),
    local_time: event.localTime,
  }));
  await sql`
    insert into ticket_events (id, ticket_id, kind, actor_id, detail, external_ref, occurred_at)
    select id, ticket_id, kind, actor_id, detail, external_ref, local_time at time zone ${timeZone}
    from json_to_recordset(${JSON.stringify(rows)})
      as x(id uuid, ticket_id uuid, kind text, actor_id uuid, detail jsonb, external_ref text, local_time timestamp)
  `.execute(trx);
}
