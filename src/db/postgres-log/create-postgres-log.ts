import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import type { AppendableChangeLog, Change, Pull, Seq, TenantChanges } from '../../cache/index.ts';

export interface PostgresLogOptions {
  /** On the primary: a replica does not know yet what has changed. */
  pool: pg.Pool;
  /** How long one statement may take before it counts as failed, in milliseconds. @default 3000 */
  timeoutMs?: number;
  /** How long changes are kept; readers that are further behind drop what they hold. In milliseconds. @default 1 h */
  keepMs?: number;
  /** How often this node forgets older ones, in milliseconds. @default 60000 */
  trimEveryMs?: number;
}

export interface PostgresLog extends AppendableChangeLog {
  /** Creates the schema `coherent_cache` where it is missing. Safe to run again, and by several nodes at once. */
  install(): Promise<void>;
}

interface PullRow {
  tenant: string;
  epoch: string;
  head: number;
  trimmed: number;
  changes: [Seq, string[]][] | null;
}

const pullStatement = `
  SELECT tenant, epoch, head::float8 AS head, trimmed::float8 AS trimmed, changes
    FROM coherent_cache.changes_since($1, $2)`;

/**
 * A change log in any Postgres, in a schema of its own, for a cache behind somebody else's server. Applications append
 * to it; so can triggers and transactions, by `SELECT coherent_cache.changed(tenant, typename, id)`.
 */
export function createPostgresLog(options: PostgresLogOptions): PostgresLog {
  const { pool, timeoutMs = 3_000, keepMs = 3_600_000, trimEveryMs = 60_000 } = options;
  let trimmedAtMs = performance.now();

  const run = <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
    pool.query<Row>({ text, values, query_timeout: timeoutMs } as pg.QueryConfig);

  /** In the background, and not by everybody at once: a log that is not trimmed is only long. */
  const trimNowAndThen = () => {
    if (performance.now() - trimmedAtMs < trimEveryMs) return;
    trimmedAtMs = performance.now();
    run("SELECT coherent_cache.trim($1 * interval '1 millisecond')", [keepMs]).catch(() => {});
  };

  return {
    async install() {
      const text = await readFile(new URL('schema.sql', import.meta.url), 'utf8');
      await pool.query(text);
    },
    async append(tenant, tags) {
      const { rows } = await run<{ seq: Seq }>('SELECT coherent_cache.append($1, $2)::float8 AS seq', [tenant, tags]);
      trimNowAndThen();
      return rows[0]?.seq ?? 0;
    },
    async pull(since): Promise<Pull> {
      const { rows } = await run<PullRow>(pullStatement, [[...since.keys()], [...since.values()]]);
      const tenants = rows.map((row) => [row.tenant, changesOf(row, since.get(row.tenant))] as const);
      return { epoch: rows[0]?.epoch ?? '', tenants: new Map(tenants) };
    },
    async renewEpoch(seen) {
      await run('SELECT coherent_cache.renew_epoch($1)', [seen]);
    },
  };
}

function changesOf({ head, trimmed, changes }: PullRow, from: Seq | undefined): TenantChanges {
  return {
    head,
    changes: (changes ?? []).map(([seq, tags]): Change => ({ seq, tags })),
    complete: from !== undefined && trimmed <= from,
  };
}
