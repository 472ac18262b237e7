import type pg from 'pg';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';

/** A row to try an operation on. */
export type Target = {
  id: string;
  version: number;
};

/** Which row: `one('tickets', "status = 'CLOSED'")`, the same one each time. */
export type Find = (table: keyof typeof types, where?: string) => Promise<Target>;

const types = {
  people: 'Person',
  tickets: 'Ticket',
  sites: 'Site',
  jobs: 'Job',
  shifts: 'Shift',
  leave_requests: 'LeaveRequest',
  attendance: 'Attendance',
  choices: 'Choice',
} as const;

/** Finds rows of one tenant. */
export function createFind(owner: pg.Pool, slug: string): Find {
  return async (table, where = 'true') => {
    const { rows } = await owner.query<{ id: string; version?: number }>(
      `SELECT * FROM ${table} WHERE tenant_id = (SELECT id FROM tenants WHERE slug = $1) AND (${where}) ORDER BY id LIMIT 1`,
      [slug],
    );
    const [row] = rows;
    if (!row) throw new Error(`The demo has no row in ${table} where ${where}.`);
    return { id: encodeGlobalId(types[table], row.id), version: row.version ?? 0 };
  };
}

type Variables = Record<string, unknown>;

/** What queries with variables that must be sent are tried with. */
export const queryVariables: Readonly<Record<string, (find: Find) => Promise<Variables>>> = {
  Ticket: async (find) => ({ id: (await find('tickets', 'comment_count > 0')).id }),
  PersonPage: async (find) => ({ personId: (await find('people', `username = 'agent'`)).id }),
  Attendance: async () => ({ from: '2026-11-13', to: '2026-11-20' }),
  AttendanceSummary: async () => ({ year: 2026, month: 11 }),
};

const modulo = (rest: number) => `status = 'IN_PROGRESS' AND number % 6 = ${rest}`; // a ticket of its own for each
const ahead = `person_id IS NULL AND day > '2026-11-21'`;
const cameToday = `id IN (SELECT person_id FROM attendance WHERE day = '2026-11-20' AND clock_out_at IS NULL AND clock_in_at IS NOT NULL)`;
const notToday = `active AND id NOT IN (SELECT person_id FROM attendance WHERE day >= '2026-11-19' AND (day = '2026-11-20' OR clock_out_at IS NULL))`;

/** The input each mutation is tried with, as the tenant's admin. */
export const mutationInputs: Readonly<Record<string, (find: Find) => Promise<Variables>>> = {
  AddTicketComment: async (find) => ({ ticketId: (await find('tickets', modulo(0))).id, body: 'Any news?' }),
  AssignTicket: async (find) => ({
    ...(await find('tickets', modulo(1))),
    assigneeId: (await find('people', `username = 'agent'`)).id,
  }),
  BulkUpdateTickets: async (find) => ({ ids: [(await find('tickets', modulo(2))).id], priority: 'URGENT' }),
  DeleteTicket: (find) => find('tickets', modulo(3)),
  TransitionTicket: async (find) => ({ ...(await find('tickets', modulo(4))), status: 'RESOLVED' }),
  UpdateTicket: async (find) => ({ ...(await find('tickets', modulo(5))), title: 'Printer on fire' }),
  CreateTicket: async (find) => ({
    title: 'No light in the lift',
    siteId: (await find('sites')).id,
    categoryId: (await find('choices', `kind = 'TICKET_CATEGORY'`)).id,
  }),
  AssignShift: async (find) => ({ ...(await find('shifts', ahead)), personId: null }),
  CreateShift: async (find) => ({
    siteId: (await find('sites')).id,
    startsAt: '2026-12-24T08:00:00Z',
    endsAt: '2026-12-24T14:00:00Z',
    role: 'Holiday',
  }),
  ClockIn: async (find) => ({ personId: (await find('people', notToday)).id }),
  ClockOut: async (find) => ({ personId: (await find('people', cameToday)).id }),
  CorrectAttendance: async (find) => ({
    ...(await find('attendance', `status = 'PRESENT' AND day < '2026-11-15' AND corrected_by_id IS NULL`)),
    note: 'Checked with the gate.',
  }),
  RequestLeave: async () => ({ startsOn: '2027-06-07', endsOn: '2027-06-11', reason: 'Sailing' }),
  DecideLeave: async (find) => ({
    ...(await find(
      'leave_requests',
      `status = 'PENDING' AND person_id IN (SELECT id FROM people WHERE username = 'member')`,
    )),
    decision: 'APPROVED',
  }),
  CompleteJob: (find) => find('jobs', `status = 'SCHEDULED' AND due_at < '2026-11-20'`),
  UpdatePreferences: async () => ({ locale: 'it', theme: 'DARK' }),
  PurgeCache: async () => ({ operationName: 'Dashboard', dryRun: true }),
  WarmCache: async () => ({ operations: ['Dashboard'], roles: ['manager'] }),
};
