import type pg from 'pg';
import type { Tag } from '../../src/cache/index.ts';
import { createPostgresChangeLog } from '../../src/db/change-log.ts';

export interface Logged {
  /** The tags of each tenant, sorted; absent where nothing was logged for it. */
  readonly [tenantId: string]: readonly Tag[];
}

/** Runs `work` and answers what the change log says of it, as a cache would read it. */
export async function logged(
  pool: pg.Pool,
  tenantIds: readonly string[],
  work: () => Promise<unknown>,
): Promise<Logged> {
  const log = createPostgresChangeLog({ pool, schemaHash: 'test' });
  const before = await log.pull(new Map(tenantIds.map((id) => [id, undefined])));
  await work();
  const after = await log.pull(new Map([...before.tenants].map(([id, { head }]) => [id, head])));
  const changed = [...after.tenants].filter(([, { changes }]) => changes.length > 0);
  return Object.fromEntries(
    changed.map(([id, { changes }]) => [id, [...new Set(changes.flatMap(({ tags }) => tags))].toSorted()]),
  );
}

/** The name of the history, as a cache would read it. */
export async function epochOf(pool: pg.Pool, tenantId: string): Promise<string> {
  const log = createPostgresChangeLog({ pool, schemaHash: 'test' });
  return (await log.pull(new Map([[tenantId, undefined]]))).epoch;
}

/** Runs statements on one connection, which is closed then: what somebody with psql would do. */
export async function onOneConnection(pool: pg.Pool, ...statements: string[]): Promise<void> {
  const client = await pool.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    client.release(true);
  }
}
