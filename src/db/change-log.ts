import type pg from 'pg';
import type { Change, ChangeLog, Seq, Tenant, TenantChanges } from '../cache/index.ts';
import { asAppError } from './failures.ts';

export interface PostgresChangeLogOptions {
  /** On the primary; best one of its own, so that a busy server still hears what changed. */
  pool: pg.Pool;
  /** Distinguishes caches that may not share entries: the schema they were made with. */
  schemaHash: string;
}

interface PullRow {
  tenant_id: string;
  epoch: string;
  head: number;
  trimmed: number;
  changes: [Seq, string[]][] | null;
}

const pullStatement = `
  SELECT tenant_id, epoch, head::float8 AS head, trimmed::float8 AS trimmed, changes FROM changes_since($1, $2)`;

/** The change log in Postgres, as the cache reads it. */
export function createPostgresChangeLog({ pool, schemaHash }: PostgresChangeLogOptions): ChangeLog {
  return {
    async pull(since) {
      const { rows } = await pool
        .query<PullRow>({
          name: 'change-log-pull',
          text: pullStatement,
          values: [[...since.keys()], [...since.values()]],
        })
        .catch((error: unknown) => {
          throw asAppError(error);
        });
      return { epoch: `${rows[0]?.epoch}/${schemaHash}`, tenants: new Map(rows.map((row) => changesOf(row, since))) };
    },
    async renewEpoch(seen) {
      if (!seen.endsWith(`/${schemaHash}`)) return; // of a node with another schema: that one will see to it
      await pool
        .query('SELECT renew_change_epoch($1)', [seen.slice(0, -schemaHash.length - 1)])
        .catch((error: unknown) => {
          throw asAppError(error);
        });
    },
  };
}

/** The part of a history's name that is in the database, and so on its replicas: null where it has none. */
export function generationOf(epoch: string): string | null {
  return /\.([0-9a-f-]{36})\//.exec(epoch)?.[1] ?? null;
}

function changesOf(row: PullRow, since: Parameters<ChangeLog['pull']>[0]): [Tenant, TenantChanges] {
  const from = since.get(row.tenant_id);
  const complete = from !== undefined && row.trimmed <= from;
  return [row.tenant_id, { head: row.head, changes: byTransaction(row.changes ?? []), complete }];
}

/** One change per transaction: whoever has seen a position has seen all of it. */
function byTransaction(logged: readonly [Seq, readonly string[]][]): Change[] {
  const changes = new Map<Seq, Set<string>>();
  for (const [seq, tags] of logged) {
    const known = changes.get(seq) ?? new Set();
    changes.set(seq, known);
    for (const tag of tags) known.add(tag);
  }
  return [...changes].map(([seq, tags]) => ({ seq, tags: [...tags] }));
}
