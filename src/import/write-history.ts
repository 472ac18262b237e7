import { sql, type Kysely } from 'kysely';
import type { Tables } from '../db/tables.ts';
import { newId } from '../ids.ts';
import { eventRef, type LogEvent } from './log-event.ts';
import type { PlannedTicket } from './plan-tickets.ts';

interface History {
  /** The new events. */
  events: readonly LogEvent[];
  /** Their tickets. */
  tickets: readonly PlannedTicket[];
  agents: ReadonlyMap<string, string>;
  timeZone: string;
}

/**
 * Adds events and makes their tickets what the histories then say. The whole history of a ticket is asked, not the new
 * events alone: so the result depends neither on where a batch ended, nor on a run that was killed, nor on events that
 * came late. One statement: each ticket is written once, and a ticket and its events may refer to each other.
 *
 * OFFSET 0 keeps the planner from joining with all events of the tenant, which it may take for few while they are new.
 */
export async function writeHistory(trx: Kysely<Tables>, { events, tickets, agents, timeZone }: History): Promise<void> {
  const entries = JSON.stringify(entriesOf(events, tickets, agents));
  await sql`
    with planned as (
      select * from json_to_recordset(${JSON.stringify(tickets)}) as x(id uuid, number integer, title text,
        external_ref text, is_new boolean, priority text, days integer, category_id uuid, site_id uuid,
        customer_id uuid, team_id uuid)
    ),
    added as (
      insert into ticket_events (id, ticket_id, kind, actor_id, detail, external_ref, occurred_at)
      select id, ticket_id, kind, actor_id, detail, external_ref, local_time at time zone ${timeZone}
      from json_to_recordset(${entries}) as x(id uuid, ticket_id uuid, kind text, actor_id uuid, detail jsonb,
        external_ref text, local_time timestamp)
      returning ticket_id, kind, actor_id, detail, occurred_at
    ),
    entries as (
      select * from added
      union all
      select earlier.* from planned p cross join lateral (
        select ticket_id, kind, actor_id, detail, occurred_at from ticket_events e
        where e.ticket_id = p.id and e.external_ref is not null offset 0
      ) earlier where not p.is_new
    ),
    histories as (
      select ticket_id,
             min(occurred_at) as began_at,
             max(occurred_at) as ended_at,
             coalesce((array_agg(detail ->> 'status' order by (detail ->> 'sequence')::integer desc)
                       filter (where detail ? 'status'))[1], 'NEW') as status,
             (array_agg(actor_id order by (detail ->> 'sequence')::integer desc)
                       filter (where kind = 'TAKEN_IN_CHARGE'))[1] as assignee_id,
             max(occurred_at) filter (where kind = 'RESOLVED') as resolved_at,
             max(occurred_at) filter (where kind = 'CLOSED') as closed_at
        from entries group by ticket_id
    )
    insert into tickets as t (id, number, title, source, external_ref, status, priority, category_id, site_id,
      customer_id, team_id, assignee_id, created_at, updated_at, due_at, resolved_at, closed_at)
    select p.id, p.number, p.title, 'IMPORT', p.external_ref, h.status, p.priority, p.category_id, p.site_id,
           p.customer_id, p.team_id, h.assignee_id, h.began_at, h.ended_at,
           (h.began_at at time zone ${timeZone} + make_interval(days => p.days)) at time zone ${timeZone},
           case when h.status in ('RESOLVED', 'CLOSED') then h.resolved_at end,
           case when h.status = 'CLOSED' then h.closed_at end
      from planned p join histories h on h.ticket_id = p.id
    on conflict (tenant_id, id) do update
       set status = excluded.status,
           priority = excluded.priority,
           category_id = excluded.category_id,
           site_id = excluded.site_id,
           customer_id = excluded.customer_id,
           team_id = excluded.team_id,
           assignee_id = coalesce(excluded.assignee_id, t.assignee_id),
           created_at = excluded.created_at,
           updated_at = greatest(excluded.updated_at, t.updated_at),
           due_at = excluded.due_at,
           resolved_at = excluded.resolved_at,
           closed_at = excluded.closed_at,
           version = t.version + 1`.execute(trx);
}

function entriesOf(
  events: readonly LogEvent[],
  tickets: readonly PlannedTicket[],
  agents: ReadonlyMap<string, string>,
): object[] {
  const ticketIds = new Map(tickets.map(({ id, external_ref }) => [external_ref, id]));
  return events.map((event) => ({
    id: newId(),
    ticket_id: ticketIds.get(event.caseId),
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
}
