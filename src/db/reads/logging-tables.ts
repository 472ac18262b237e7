import type pg from 'pg';

/** A table that is to log its changes, as a database has it. */
export interface LoggingTable {
  readonly table: string;
  /** What it is called in tags. */
  readonly type: string;
  /** The kinds of statements whose changes it does not log: `update`. Empty where all is well. */
  readonly unlogged: readonly string[];
}

// A trigger that does not fire always misses what replication roles write.
const statement = `
  SELECT table_name AS "table", type, ARRAY(
           SELECT kind FROM unnest(ARRAY['insert', 'update', 'delete', 'truncate']) AS kind
            WHERE NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = to_regclass(table_name)
                                 AND tgname = 'log_' || kind AND tgenabled = 'A')) AS unlogged
    FROM tracked_tables WHERE type IS NOT NULL ORDER BY table_name`;

/** Asks a database which of its tables log their changes, and looks whether the triggers that do it are there. */
export async function loadLoggingTables(pool: pg.Pool): Promise<LoggingTable[]> {
  const { rows } = await pool.query<LoggingTable>(statement);
  return rows;
}
