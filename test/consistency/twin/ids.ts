import type pg from 'pg';
import { encodeGlobalId } from '../../../src/graphql/global-id.ts';
import type { Ids } from './documents.ts';

/** Which table holds the rows of a type. */
export const tableOfType: Readonly<Record<string, string>> = {
  Site: 'sites',
  Team: 'teams',
  Person: 'people',
  Role: 'roles',
  Customer: 'customers',
  Choice: 'choices',
  Asset: 'assets',
  Ticket: 'tickets',
  TicketComment: 'ticket_comments',
  TicketEvent: 'ticket_events',
  Attendance: 'attendance',
  Shift: 'shifts',
  LeaveRequest: 'leave_requests',
  Job: 'jobs',
  Notification: 'notifications',
};

/** Global ids of the rows a tenant has now. */
export async function idsOf(owner: pg.Pool, tenantId: string): Promise<Ids> {
  const union = Object.entries(tableOfType)
    .map(([type, table]) => `SELECT '${type}' AS type, id FROM ${table} WHERE tenant_id = $1`)
    .join(' UNION ALL ');
  const { rows } = await owner.query<{ type: string; id: string }>(`${union} ORDER BY 1, 2`, [tenantId]);
  const ids = new Map<string, string[]>();
  for (const { type, id } of rows) ids.set(type, [...(ids.get(type) ?? []), encodeGlobalId(type, id)]);
  return ids;
}
