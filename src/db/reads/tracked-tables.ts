import type pg from 'pg';

/** How a table appears in tags; as the migration that created it declared with `track_changes`. */
export interface TrackedTable {
  readonly type: string;
  /** Columns a read may be narrowed by, `site_id`, and date columns it may be narrowed by month, `created_at:month`. */
  readonly partitions: ReadonlySet<string>;
}

/** By table name; null for a table that nothing cached is made from. */
export type TrackedTables = ReadonlyMap<string, TrackedTable | null>;

export async function loadTrackedTables(pool: pg.Pool): Promise<TrackedTables> {
  const { rows } = await pool.query<{ table_name: string; type: string | null; partitions: string[] }>(
    'SELECT table_name, type, partitions FROM tracked_tables',
  );
  return new Map(
    rows.map(({ table_name: name, type, partitions }) => [
      name,
      type ? { type, partitions: new Set(partitions) } : null,
    ]),
  );
}
