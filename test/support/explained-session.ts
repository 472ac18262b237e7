import { sql, type CompiledQuery } from 'kysely';
import type pg from 'pg';
import type { Tag } from '../../src/cache/index.ts';
import { createQueryBuilder } from '../../src/db/connection-driver.ts';
import { recordReads } from '../../src/db/reads/record-reads.ts';
import type { SessionOptions, TenantSession } from '../../src/db/session.ts';
import { tenantScope } from '../../src/db/tenant-scope.ts';
import { nothingWritten } from '../../src/db/written.ts';

/** One statement: what the planner says it touches, and what was recorded of it. */
export interface Explained {
  readonly text: string;
  /** Relations of the plan, by name, those in the bodies of functions apart. */
  readonly relations: ReadonlySet<string>;
  readonly tags: ReadonlySet<Tag>;
}

/** A session for reading that has Postgres explain every statement before it runs. */
export function createExplainedSession(
  { pool, tenantId, tracked }: SessionOptions,
  onExplained: (explained: Explained) => void,
): TenantSession {
  if (!tracked) throw new Error('There is nothing to compare with in a session that does not track.');
  const reads = new Set<Tag>();
  let opening: Promise<pg.PoolClient> | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const opened = () => (opening ??= open(pool, tenantId));

  const explainAndRun = async (query: CompiledQuery): Promise<pg.QueryResult> => {
    const tags = new Set<Tag>();
    recordReads(query, tracked, [tags]);
    for (const tag of tags) reads.add(tag);
    const client = await opened();
    const parameters = [...query.parameters];
    const explained = await client.query(`EXPLAIN (VERBOSE, FORMAT JSON) ${query.sql}`, parameters);
    const [{ Plan: plan }] = explained.rows[0]['QUERY PLAN'];
    onExplained({ text: query.sql, relations: relationsOf(plan), tags });
    return client.query(query.sql, parameters);
  };

  const session: TenantSession = {
    tenantId,
    cost: { statements: 0, durationMs: 0 },
    reads,
    written: nothingWritten(),
    coverEarlier: async () => {},
    read: createQueryBuilder(
      (query) => {
        const result = turn.then(() => explainAndRun(query));
        turn = result.catch(() => {});
        return result;
      },
      [tenantScope(tenantId)],
    ),
    async readValue(select) {
      const { value } = await session.read
        .selectNoFrom(sql`(${select(session.read)})`.as('value'))
        .executeTakeFirstOrThrow();
      return value as never;
    },
    dependOn: (name) => void reads.add(`T:${name}`),
    dependOnAll: (tags) => {
      for (const tag of tags) reads.add(tag);
    },
    part: () => session,
    stamp: async () => 0,
    write: () => Promise.reject(new Error('This session only reads.')),
    async close() {
      const client = await opening;
      await client?.query('COMMIT');
      client?.release();
    },
  };
  return session;
}

async function open(pool: pg.Pool, tenantId: string): Promise<pg.PoolClient> {
  const client = await pool.connect();
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query(`SELECT set_config('app.tenant', $1, true)`, [tenantId]);
  return client;
}

interface PlanNode {
  readonly Schema?: string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

export function relationsOf(plan: PlanNode): Set<string> {
  const own = plan['Relation Name'];
  const isCatalog = plan.Schema === 'pg_catalog';
  const below = (plan.Plans ?? []).flatMap((child) => [...relationsOf(child)]);
  return new Set(own && !isCatalog ? [own, ...below] : below);
}
