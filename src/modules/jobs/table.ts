import type { Generated, Selectable } from 'kysely';

export const jobStatuses = ['SCHEDULED', 'COMPLETED', 'CANCELLED'] as const;

export type JobStatus = (typeof jobStatuses)[number];

export interface JobsTable {
  id: string;
  title: string;
  type_id: string | null;
  site_id: string | null;
  asset_id: string | null;
  assignee_id: string | null;
  status: Generated<JobStatus>;
  scheduled_for: Date;
  /** Never before `scheduled_for`. */
  due_at: Date;
  /** Set exactly while the job is completed. */
  completed_at: Date | null;
  notes: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type JobRow = Selectable<JobsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    jobs: JobsTable;
  }
}
