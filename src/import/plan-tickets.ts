import { sql, type Kysely } from 'kysely';
import type { Tables } from '../db/tables.ts';
import { newId } from '../ids.ts';
import type { LogEvent } from './log-event.ts';
import { nameOf } from './names.ts';
import type { References } from './references.ts';

/** A ticket that has new events: who it is, and what the last event of its case says of it. */
export interface PlannedTicket {
  id: string;
  number: number;
  title: string;
  external_ref: string;
  is_new: boolean;
  priority: string;
  /** Calendar days from its first event to its due date. */
  days: number | null;
  category_id: string | null;
  site_id: string | null;
  customer_id: string | null;
  team_id: string | null;
}

interface Plan {
  /** The new events. */
  events: readonly LogEvent[];
  ids: References;
  timeZone: string;
}

/** Finds and locks the tickets of events, and takes numbers for those that are new. */
export async function planTickets(trx: Kysely<Tables>, { events, ids, timeZone }: Plan): Promise<PlannedTicket[]> {
  const first = new Map<string, LogEvent>();
  const newest = new Map<string, LogEvent>();
  for (const event of events) {
    if (event.sequence < (first.get(event.caseId)?.sequence ?? Infinity)) first.set(event.caseId, event);
    if (event.sequence > (newest.get(event.caseId)?.sequence ?? -1)) newest.set(event.caseId, event);
  }
  const found = await findTickets(trx, [...newest.keys()], timeZone);
  let number = await takeNumbers(trx, newest.size - found.size);
  return [...newest.values()].map((event): PlannedTicket => {
    const { last_sequence, ...there } = found.get(event.caseId) ?? { last_sequence: null };
    // An event that comes late does not say what the ticket is like now.
    if ('id' in there && last_sequence !== null && last_sequence > event.sequence) return there;
    const title = `${nameOf('Product', first.get(event.caseId)?.product ?? event.product)}: ${event.caseId}`;
    const identity =
      'id' in there
        ? there
        : { id: newId(), number: (number += 1), title, external_ref: event.caseId, is_new: true as boolean };
    return {
      ...identity,
      priority: event.priority,
      days: event.serviceDays,
      category_id: ids.categories.get(event.product) ?? null,
      site_id: ids.sites.get(event.section) ?? null,
      customer_id: ids.customers.get(event.customer) ?? null,
      team_id: ids.teams.get(event.workgroup) ?? null,
    };
  });
}

/** The tickets that are there, by case, as they are now. */
async function findTickets(trx: Kysely<Tables>, cases: string[], timeZone: string) {
  const rows = await trx
    .selectFrom('tickets as t')
    .select(['id', 'number', 'title', 'priority', 'category_id', 'site_id', 'customer_id', 'team_id'])
    .select([
      sql<string>`external_ref`.as('external_ref'),
      sql<boolean>`false`.as('is_new'),
      sql<
        number | null
      >`extract(day from due_at at time zone ${timeZone} - created_at at time zone ${timeZone})::integer`.as('days'),
      sql<number | null>`(select max((detail ->> 'sequence')::integer) from ticket_events e
        where e.ticket_id = t.id and e.external_ref is not null)`.as('last_sequence'),
    ])
    .where('external_ref', '=', sql<string>`any(${cases}::text[])`)
    .forUpdate()
    .execute();
  return new Map(rows.map((row) => [row.external_ref, row]));
}

/** Takes so many ticket numbers; answers the one before them. The counter stays locked until the transaction ends. */
async function takeNumbers(trx: Kysely<Tables>, count: number): Promise<number> {
  if (count === 0) return 0;
  const { rows } = await sql<{ last: number }>`
    insert into ticket_numbers (last) values (${count})
    on conflict (tenant_id) do update set last = ticket_numbers.last + excluded.last
    returning last`.execute(trx);
  return (rows[0]?.last ?? 0) - count;
}
