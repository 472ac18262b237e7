import type pg from 'pg';
import type { Seq } from '../cache/index.ts';
import { asAppError } from './failures.ts';

/** What a transaction has changed, as the change log has it. */
export interface Written {
  /** The position of its last change; null where it changed nothing. A later read that knows it sees the change. */
  readonly token: Seq | null;
  readonly changed: readonly { readonly type: string; readonly count: number }[];
}

interface MutableWritten {
  token: Seq | null;
  changed: Written['changed'];
}

export function nothingWritten(): MutableWritten {
  return { token: null, changed: [] };
}

export interface SealedRow {
  type: string;
  count: number;
  token: Seq;
}

/**
 * Seals the changes of the transaction now rather than at COMMIT, a moment later, so that their position is known.
 * The lock on the tenant's log is held until the commit either way.
 */
export async function sealChanges(client: pg.PoolClient): Promise<SealedRow[]> {
  try {
    const results: unknown = await client.query(
      `SET CONSTRAINTS seal IMMEDIATE;
       SELECT type, sum(row_count)::float8 AS count, max(seq)::float8 AS token
         FROM change_log WHERE xid = pg_current_xact_id_if_assigned() GROUP BY type ORDER BY type`,
    );
    return (results as pg.QueryResult<SealedRow>[]).at(-1)?.rows ?? [];
  } catch (error) {
    throw asAppError(error);
  }
}

export function noteWritten(written: MutableWritten, sealed: readonly SealedRow[]): void {
  if (sealed.length === 0) return;
  written.token = Math.max(written.token ?? 0, ...sealed.map(({ token }) => token));
  written.changed = [...written.changed, ...sealed.map(({ type, count }) => ({ type, count }))];
}
