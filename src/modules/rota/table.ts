import type { Generated, Selectable } from 'kysely';

export const leaveStatuses = ['PENDING', 'APPROVED', 'DECLINED', 'CANCELLED'] as const;
export type LeaveStatus = (typeof leaveStatuses)[number];

export interface ShiftsTable {
  id: string;
  site_id: string;
  team_id: string | null;
  /** null: vacant. */
  person_id: string | null;
  /** Calendar day at the tenant when the shift begins. */
  day: string;
  starts_at: Date;
  ends_at: Date;
  role: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface LeaveRequestsTable {
  id: string;
  person_id: string;
  type_id: string | null;
  /** Calendar days, both included. */
  starts_on: string;
  ends_on: string;
  reason: string | null;
  status: Generated<LeaveStatus>;
  decided_by_id: string | null;
  /** Set exactly where the status is APPROVED or DECLINED. */
  decided_at: Date | null;
  decision_note: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type ShiftRow = Selectable<ShiftsTable>;
export type LeaveRequestRow = Selectable<LeaveRequestsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    shifts: ShiftsTable;
    leave_requests: LeaveRequestsTable;
  }
}
