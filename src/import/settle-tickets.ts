import { sql, type Kysely } from 'kysely';
import type { Tables } from '../db/tables.ts';
import type { LogEvent } from './log-event.ts';
import type { References } from './references.ts';

interface TicketsToSettle {
  /** The new events. */
  events: readonly LogEvent[];
  tickets: ReadonlyMap<string, string>;
  ids: References;
  timeZone: string;
}

/**
 * Makes tickets what their histories say they are. The whole history is asked, not the new events alone: so the result
 * depends neither on where a batch ended, nor on a run that was killed, nor on events that came late.
 */
export async function settleTickets(
  trx: Kysely<Tables>,
  { events, tickets, ids, timeZone }: TicketsToSettle,
): Promise<void> {
  const newest = new Map<string, LogEvent>();
  for (const event of events) {
    if (event.sequence >= (newest.get(event.caseId)?.sequence ?? 0)) newest.set(event.caseId, event);
  }
  const rows = [...newest.values()].map((event) => ({
    ticket_id: tickets.get(event.caseId),
    sequence: event.sequence,
    priority: event.priority,
    days: event.serviceDays,
    category_id: ids.categories.get(event.product),
    site_id: ids.sites.get(event.section),
    customer_id: ids.customers.get(event.customer),
    team_id: ids.teams.get(event.workgroup),
  }));
  await sql`
    with newest as (
      select * from json_to_recordset(${JSON.stringify(rows)}) as x(ticket_id uuid, sequence integer, priority text,
        days integer, category_id uuid, site_id uuid, customer_id uuid, team_id uuid)
    ),
    entries as (
      select e.ticket_id, e.kind, e.actor_id, e.occurred_at, e.detail ->> 'status' as status,
             (e.detail ->> 'sequence')::integer as sequence
        from ticket_events e join newest using (ticket_id)
       where e.external_ref is not null
    ),
    histories as (
      select ticket_id,
             max(sequence) as last_sequence,
             min(occurred_at) as began_at,
             max(occurred_at) as ended_at,
             coalesce((array_agg(status order by sequence desc) filter (where status is not null))[1], 'NEW') as status,
             (array_agg(actor_id order by sequence desc) filter (where kind = 'TAKEN_IN_CHARGE'))[1] as assignee_id,
             max(occurred_at) filter (where kind = 'RESOLVED') as resolved_at,
             max(occurred_at) filter (where kind = 'CLOSED') as closed_at
        from entries group by ticket_id
    )
    update tickets t
       set status = h.status,
           assignee_id = coalesce(h.assignee_id, t.assignee_id),
           resolved_at = case when h.status in ('RESOLVED', 'CLOSED') then h.resolved_at end,
           closed_at = case when h.status = 'CLOSED' then h.closed_at end,
           created_at = h.began_at,
           updated_at = greatest(t.updated_at, h.ended_at),
           due_at = (h.began_at at time zone ${timeZone} + coalesce(make_interval(days => n.days),
                       t.due_at at time zone ${timeZone} - t.created_at at time zone ${timeZone}))
                    at time zone ${timeZone},
           priority = coalesce(n.priority, t.priority),
           category_id = coalesce(n.category_id, t.category_id),
           site_id = coalesce(n.site_id, t.site_id),
           customer_id = coalesce(n.customer_id, t.customer_id),
           team_id = coalesce(n.team_id, t.team_id),
           version = t.version + 1
      -- an event that came late does not say what the ticket is like now
      from histories h left join newest n on n.ticket_id = h.ticket_id and n.sequence = h.last_sequence
     where t.id = h.ticket_id`.execute(trx);
}
