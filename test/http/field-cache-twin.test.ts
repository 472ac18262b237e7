import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { loadTrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import type { Viewer } from '../../src/graphql/viewer.ts';
import { createBlobs } from '../cache/node.ts';
import { makeChange } from '../consistency/twin/changes.ts';
import { randomQuery, type Ids } from '../consistency/twin/documents.ts';
import { idsOf } from '../consistency/twin/ids.ts';
import { fillTenant } from '../consistency/twin/rows.ts';
import { writableTables } from '../consistency/twin/statements.ts';
import { askGraphql, reportOf } from '../support/ask-graphql.ts';
import { createDice } from '../support/dice.ts';
import { createExecutor, type Executor } from '../support/executor.ts';
import { createWorld, testNow, testTokens, type Person, type World } from '../support/world.ts';

// FIELD_SEED=7 FIELD_STEPS=5000 npx vitest run test/http/field-cache-twin.test.ts
const seed = Number(process.env['FIELD_SEED'] ?? Date.now() % 1_000_000);
const steps = Number(process.env['FIELD_STEPS'] ?? 150);
const dice = createDice(seed);

const roots = [
  'dashboard',
  'ticketStatistics',
  'monthlyTrends',
  'attendanceSummary',
  'choices',
  'viewer',
  'recentAttendance',
];

interface Node {
  readonly app: App;
  readonly url: string;
}

let world: World;
let now = testNow;
/** Two that share what they keep, and one that keeps nothing. */
let nodes: Node[];
let twin: Node;
let executor: Executor;
let admins: { viewer: Viewer; ids: Ids }[];
let hits = 0;

beforeAll(async () => {
  world = await createWorld({ now: () => now });
  const { owner } = world.database;
  for (const tenant of [world.acme, world.globex]) await fillTenant(owner, tenant, dice);
  const start = async (cache: object): Promise<Node> => {
    const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => now, cache });
    return { app, url: await app.listen(0) };
  };
  const { blobs: _blobs, ...store } = createBlobs();
  nodes = [await start({ store }), await start({ store })];
  twin = await start({ maxBytes: 1 });
  for (const { app } of nodes) {
    app.events.subscribe(
      (event) => void (event.type === 'hit' && /^(figure|Query\.)/.test(event.operation) && (hits += 1)),
    );
  }
  executor = createExecutor({ pool: world.app.pool, tracked: await loadTrackedTables(world.app.pool) });
  admins = await Promise.all(
    [world.acme, world.globex].map(async (tenant) => ({
      viewer: await executor.viewerOf(tenant, tenant.people.admin),
      ids: new Map(),
    })),
  );
}, 60_000);
afterAll(async () => {
  await Promise.all([...nodes, twin].map(({ app }) => app.close()));
  await world.close();
});

it(
  `an answer made of what was kept is what a server answers that keeps nothing (${steps} steps, FIELD_SEED=${seed})`,
  async () => {
    const tables = await writableTables(world.database.owner);
    const people = [world.acme, world.globex].flatMap((tenant) => Object.values(tenant.people));
    const known: string[] = [];
    const counted = { compared: 0, stale: 0, changes: 0 };
    const renewIds = async () => {
      for (const admin of admins) admin.ids = await idsOf(world.database.owner, admin.viewer.tenantId);
    };
    await renewIds();
    const change = async () => {
      const made = await makeChange({
        owner: world.database.owner,
        executor,
        dice,
        tables,
        admins,
        likely: () => null,
        mutations: 40,
      });
      if (!made.failed) counted.changes += 1;
      await renewIds();
    };
    const question = () => {
      if (known.length > 0 && dice.chance(0.3)) return dice.pick(known);
      const ids = new Map(admins.flatMap((admin) => [...admin.ids]));
      const random = dice.chance(0.2) ? randomQuery({ schema: executor.schema, dice, ids, roots }) : someFields();
      const text = `query Q${known.length} ${random}`;
      known.push(text);
      return text;
    };
    for (let step = 0; step < steps; step += 1) {
      if (dice.chance(0.3)) await change();
      if (dice.chance(0.1)) now = new Date(now.getTime() + dice.int(0, dice.chance(0.2) ? 50_000_000 : 400_000));
      const asked = Array.from({ length: dice.int(1, 4) }, () => ({
        person: dice.pick(people),
        text: question(),
        node: dice.pick(nodes),
      }));
      const answers = await Promise.all(asked.map(({ person, text, node }) => ask(node, person, text)));
      for (const [index, { person, text }] of asked.entries()) {
        if (answers[index]?.status === 'STALE') counted.stale += 1;
        else {
          counted.compared += 1;
          const { answer } = await ask(twin, person, text);
          expect(answers[index]?.answer, `step ${step}, seed ${seed}: ${text}`).toEqual(answer);
        }
      }
    }
    console.log(`field cache beside its twin, seed ${seed}: ${JSON.stringify({ ...counted, hits })}`);
    expect(counted.compared).toBeGreaterThan(steps);
    expect(counted.changes).toBeGreaterThan(steps / 20);
    expect(hits).toBeGreaterThan(steps / 2);
  },
  60_000 + steps * 200,
);

/** Any of the fields that are made of kept values, with few arguments: so that many ask for the same. */
function someFields(): string {
  const some = (fields: string[]) => dice.some(fields, dice.int(1, fields.length)).join(' ');
  const counts = '{ key label count }';
  const site = encodeGlobalId('Site', world.acme.sites.here);
  const dashboard = `dashboard${dice.pick(['', '', `(siteId: "${site}")`, '(date: "2026-11-20")'])} { ${some([
    `tickets { ${some(['open', 'overdue', 'unassigned', 'createdToday', 'closedToday', `byStatus ${counts}`, `byCategory ${counts}`])} }`,
    'attendance { present absent rate }',
    'shifts { total vacant }',
    'assets { total }',
    `jobs { ${some(['scheduled', 'completed', 'missed'])} }`,
    'people { active }',
  ])} }`;
  const statistics = `ticketStatistics(days: ${dice.pick([7, 30])}) { ${some([
    'opened',
    'closed',
    'slaBreaches',
    `bySource ${counts}`,
    'byAgent { count person { name } }',
    'trend { day opened closed }',
  ])} }`;
  return `{ ${some([
    dashboard,
    statistics,
    `monthlyTrends(months: 3) { ${some(['ticketsOpened', 'ticketsClosed', 'attendanceRate'])} }`,
    'choices(kind: TICKET_CATEGORY) { id label }',
    'attendanceSummary(year: 2026, month: 11) { present absent person { name } }',
    'viewer { person { name } permissions }',
  ])} }`;
}

async function ask(node: Node, { token }: Person, query: string) {
  const { data, errors = [], extensions } = await askGraphql(node.url)(token, query);
  // Fields fail in no particular order.
  const failures = errors
    .map((error: any) => JSON.stringify([error.message, error.path, error.extensions?.code]))
    .toSorted();
  return { answer: { data, failures }, status: reportOf({ extensions }).status };
}
