import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getOperationAST, OperationTypeNode, parse, type GraphQLError } from 'graphql';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reading, UndeclaredReadError } from '../../src/db/reads/declared-reads.ts';
import { loadTrackedTables, type TrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { randomQuery } from '../consistency/twin/documents.ts';
import { idsOf } from '../consistency/twin/ids.ts';
import { fillTenant } from '../consistency/twin/rows.ts';
import { createDice } from '../support/dice.ts';
import { createExecutor, type Executor } from '../support/executor.ts';
import { createExplainedSession, type Explained } from '../support/explained-session.ts';
import { createFind, queryVariables } from '../support/operation-variables.ts';
import { createWorld, type Role, type World } from '../support/world.ts';

// What the database layer says a statement reads, from its syntax tree, against what the planner says it touches.
const folder = join(import.meta.dirname, '../../schema/operations');
const operations = readdirSync(folder)
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .map((text) => ({ text, operation: getOperationAST(parse(text)) }))
  .filter(({ operation }) => operation?.operation === OperationTypeNode.QUERY)
  .map(({ text, operation }) => ({ text, name: operation?.name?.value ?? '' }));
const roles: readonly Role[] = ['admin', 'manager', 'agent', 'member'];
const seed = Number(process.env.NET_SEED ?? Date.now() % 1_000_000);

let world: World;
let tracked: TrackedTables;
let executor: Executor;
/** Tables that the bodies of functions read, as Postgres knows them. */
let tablesOfFunctions: Map<string, string[]>;
let statements: Explained[] = [];

beforeAll(async () => {
  world = await createWorld();
  const { owner } = world.database;
  const dice = createDice(seed);
  for (const tenant of [world.acme, world.globex]) await fillTenant(owner, tenant, dice);
  await owner.query('ANALYZE');
  tracked = await loadTrackedTables(world.app.pool);
  executor = createExecutor({
    pool: world.app.pool,
    tracked,
    openSession: (options) => createExplainedSession(options, (explained) => statements.push(explained)),
  });
  const { rows } = await owner.query<{ name: string; tables: string[] }>(
    `SELECT proname AS name, array_agg(DISTINCT refobjid::regclass::text) AS tables
       FROM pg_depend JOIN pg_proc p ON p.oid = objid
      WHERE classid = 'pg_proc'::regclass AND refclassid = 'pg_class'::regclass GROUP BY 1`,
  );
  tablesOfFunctions = new Map(rows.map(({ name, tables }) => [name, tables]));
});
afterAll(() => world.close());

/** Statements that touch what was not recorded of them. */
function uncovered(): { text: string; missing: string[] }[] {
  return statements.flatMap(({ text, relations, tags }) => {
    const called = [...tablesOfFunctions].filter(([name]) => new RegExp(`\\b${name}\\s*\\(`).test(text));
    const touched = [...relations, ...called.flatMap(([, tables]) => tables)];
    const types = new Set([...tags].map((tag) => tag.split(':')[1]));
    const missing = touched.filter((name) => !types.has(tracked.tables.get(name)?.type));
    return missing.length > 0 ? [{ text, missing }] : [];
  });
}

describe('the planner touches no table that was not recorded', () => {
  it.each(operations)('in the operation $name, whoever asks', async ({ name, text }) => {
    statements = [];
    const variables = await queryVariables[name]?.(createFind(world.database.owner, 'acme'));
    for (const role of roles) {
      const viewer = await executor.viewerOf(world.acme, world.acme.people[role]);
      expect(undeclared((await executor.run(viewer, text, variables)).errors)).toEqual([]);
    }
    expect(statements.length).toBeGreaterThan(0);
    expect(uncovered()).toEqual([]);
  });

  it.each(Object.keys(queryFields()))(`in %s with any arguments, whoever asks (NET_SEED=${seed})`, async (root) => {
    statements = [];
    const dice = createDice(seed);
    const ids = await idsOf(world.database.owner, world.acme.id);
    for (const role of roles) {
      const viewer = await executor.viewerOf(world.acme, world.acme.people[role]);
      for (let count = 0; count < 25; count += 1) {
        const query = randomQuery({ schema: executor.schema, dice, ids, roots: [root] });
        expect(undeclared((await executor.run(viewer, query)).errors)).toEqual([]);
      }
    }
    expect(uncovered()).toEqual([]);
  });
});

it('would catch raw SQL that declares less than it reads', async () => {
  statements = [];
  const session = createExplainedSession({ pool: world.app.pool, tenantId: world.acme.id, tracked }, (explained) =>
    statements.push(explained),
  );
  const people = reading(['sites'], sql<boolean>`id in (select site_id from people) /* wrong on purpose */`);
  await session.read.selectFrom('sites').select('id').where(people).execute();
  await session.read
    .selectFrom('sites')
    .select('id')
    .where(reading(['sites'], sql<boolean>`id in (select search_people('{x}'))`))
    .execute();
  await session.close();
  expect(uncovered().map(({ missing }) => missing)).toEqual([['people'], ['people']]);
});

/** What failed because nobody could say what it reads. */
function undeclared(errors: readonly Error[]): string[] {
  const causes = errors.map((error) => (error as GraphQLError).originalError);
  return causes.flatMap((cause) => (cause instanceof UndeclaredReadError ? [cause.message] : []));
}

function queryFields(): Record<string, unknown> {
  return (
    createExecutor({ pool: null as never, tracked: null as never })
      .schema.getQueryType()
      ?.getFields() ?? {}
  );
}
