import { PostgresQueryCompiler, SelectQueryNode, type CompiledQuery, type RootOperationNode } from 'kysely';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { UndeclaredReadError } from '../../src/db/reads/declared-reads.ts';
import { readsOf } from '../../src/db/reads/reads-of.ts';
import { loadTrackedTables, type TrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { relationsOf } from './explained-session.ts';

/**
 * A net under the whole suite: every query that any test has the query builder compile is explained by Postgres in the
 * end, and must touch no table but those its reads are recorded of.
 */
const seen = new Map<string, CompiledQuery>();

/** In the SQL of a test of this very net. */
const wrongOnPurpose = '/* wrong on purpose */';

const compiler = PostgresQueryCompiler.prototype;
// oxlint-disable-next-line typescript/unbound-method -- called with the compiler as `this` below
const { compileQuery } = compiler;
compiler.compileQuery = function remembering(this: PostgresQueryCompiler, node: RootOperationNode, queryId) {
  const compiled = compileQuery.call(this, node, queryId);
  if (SelectQueryNode.is(node) && !compiled.sql.includes(wrongOnPurpose)) seen.set(compiled.sql, compiled);
  return compiled;
};

afterAll(async () => {
  if (seen.size === 0) return;
  const pool = new pg.Pool({ connectionString: inject('explainUrl'), max: 1 });
  try {
    const tracked = await loadTrackedTables(pool);
    const uncovered: string[] = [];
    for (const compiled of seen.values()) uncovered.push(...(await missingOf(pool, compiled, tracked)));
    if (uncovered.length > 0) throw new Error(`The planner touches what was not recorded:\n${uncovered.join('\n')}`);
  } finally {
    await pool.end();
  }
});

/** What a statement touches beyond what is recorded of it. */
async function missingOf(pool: pg.Pool, compiled: CompiledQuery, tracked: TrackedTables): Promise<string[]> {
  const types = typesReadBy(compiled, tracked);
  if (!types) return [];
  const explained = await pool
    .query(`EXPLAIN (VERBOSE, FORMAT JSON) ${compiled.sql}`, [...compiled.parameters])
    .catch(() => null); // of tables a test has made for itself
  const relations = explained ? [...relationsOf(explained.rows[0]['QUERY PLAN'][0].Plan)] : [];
  const missing = relations.filter((name) => !types.has(tracked.tables.get(name)?.type));
  return missing.length > 0 ? [`${missing.join(', ')}: ${compiled.sql}`] : [];
}

/** null for a query that is refused where answers are cached, because nobody can say what it reads. */
function typesReadBy(compiled: CompiledQuery, tracked: TrackedTables): Set<string | undefined> | null {
  try {
    return new Set([...readsOf(compiled.query, tracked)].map((tag) => tag.split(':')[1]));
  } catch (error) {
    if (error instanceof UndeclaredReadError) return null;
    throw error;
  }
}
