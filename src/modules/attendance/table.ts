import type { Generated, Selectable } from 'kysely';

export const attendanceStatuses = ['PRESENT', 'LATE', 'ABSENT', 'ON_LEAVE'] as const;
export type AttendanceStatus = (typeof attendanceStatuses)[number];

export interface AttendanceTable {
  id: string;
  person_id: string;
  site_id: string | null;
  /** Calendar day at the tenant when the work began; unique for a person. */
  day: string;
  status: AttendanceStatus;
  /** Set exactly where the status is PRESENT or LATE. */
  clock_in_at: Date | null;
  clock_out_at: Date | null;
  note: string | null;
  corrected_by_id: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type AttendanceRow = Selectable<AttendanceTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    attendance: AttendanceTable;
  }
}
