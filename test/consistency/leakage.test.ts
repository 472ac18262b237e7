import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { demoTokens, type DemoToken } from '../../src/app/demo-tokens.ts';
import { createRedisStore, type RedisStore } from '../../src/app/redis-store.ts';
import { seedDemo } from '../../src/seed/seed-demo.ts';
import { askGraphql, reportOf } from '../support/ask-graphql.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createDice } from '../support/dice.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { testNow, testTokens } from '../support/world.ts';
import { scanRedis, unpacked, watchMemory } from './leakage/kept.ts';
import { generatedQuestions, namedQuestions, type Question } from './leakage/questions.ts';

/** Printed when something fails; `LEAKAGE_SEED=7 npx vitest run test/consistency/leakage.test.ts` runs it again. */
const seed = Number(process.env['LEAKAGE_SEED'] ?? Math.floor(Math.random() * 1e9));
const dice = createDice(seed);
const canaries = {
  emergency: 'canary-emergency',
  internal: 'canary-internal',
  foreign: 'canary-foreign',
  own: 'canary-own',
  globex: 'canary-globex',
};

interface Node {
  readonly url: string;
  close(): Promise<void>;
}

let database: TestDatabase;
let redis: TestRedis;
/** Keeps nothing: what everybody ought to be answered. */
let twin: Node;
let people: DemoToken[];
let named: Question[];
let generated: Question[];
const nodes: Node[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await seedDemo({ operator: database.owner, now: testNow });
  await plantCanaries();
  redis = await startTestRedis();
  const { app, node } = await startNode({ maxBytes: 1 });
  twin = node;
  people = await demoTokens({ operator: database.owner, pool: app.pool, tokens: testTokens });
  named = await namedQuestions(database.owner);
  generated = await generatedQuestions(database.owner, { count: 60, seed });
}, 120_000);
afterAll(async () => {
  await twin?.close();
  await redis?.stop();
  await database?.drop();
});
beforeEach(async () => void (await redis.client.flushall()));
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
});

const expected = new Map<string, Promise<string>>();

describe('an answer is the one of a server that keeps nothing', () => {
  it('whoever asked before, of whichever role and tenant, on this node or another', { timeout: 300_000 }, async () => {
    const [first, second] = [await startCached(), await startCached()];
    let compared = 0;
    let hits = 0;
    for (const [index, question] of named.entries()) {
      for (const [round, warmer] of people.entries()) {
        const text = question.text(`${index}_${round}`);
        const others = dice.some(
          people.filter((person) => person !== warmer),
          people.length,
        );
        const passes: [Node, DemoToken[]][] = [
          [first, [warmer, ...others]],
          [first, dice.some(people, people.length)],
        ];
        if (round % 3 === 0) passes.push([second, dice.some(people, people.length)]); // it shares Redis, and nothing else
        for (const [node, order] of passes) {
          for (const person of order) {
            const { answer, status } = await ask(node, person, text, question.variables);
            expect(answer, told(question, person)).toBe(await expectedOf(question, person));
            compared += 1;
            if (status === 'HIT') hits += 1;
          }
        }
      }
    }
    console.log(`Leakage, in every order: ${compared} answers compared, ${hits} of them hits`);
    expect(compared).toBeGreaterThan(5_000);
    expect(hits).toBeGreaterThan(compared / 4);
  });

  it('while everybody asks at once for what nobody has asked before', { timeout: 300_000 }, async () => {
    const node = await startCached();
    let compared = 0;
    for (const [index, question] of [...named, ...generated].entries()) {
      const wanted = await Promise.all(people.map((person) => expectedOf(question, person)));
      const crowd = dice.some([...people.entries(), ...people.entries()], 2 * people.length);
      const text = question.text(`rush_${index}`);
      const answers = await Promise.all(crowd.map(([, person]) => ask(node, person, text, question.variables)));
      for (const [at, [which, person]] of crowd.entries()) {
        expect(answers[at]?.answer, told(question, person)).toBe(wanted[which]);
        compared += 1;
      }
      // Nor does anything that was kept in the rush answer anybody else afterwards.
      for (const [which, person] of people.entries()) {
        expect((await ask(node, person, text, question.variables)).answer, told(question, person)).toBe(wanted[which]);
        compared += 1;
      }
    }
    console.log(`Leakage, all at once: ${compared} answers compared`);
    expect(compared).toBeGreaterThan(2_000);
  });
});

describe('what is kept', () => {
  it('never holds an emergency contact, and has keys that tell nothing, and an end', { timeout: 120_000 }, async () => {
    const { texts, items, answers } = await keptAfter(people);
    expect(answers.some((answer) => answer.includes(canaries.emergency))).toBe(true);
    expect(found(texts, canaries.emergency)).toEqual([]);
    const keys = /^freshfield:[\w-]{22}:[\w-]{43}$/; // a hash of the tenant, and one of what was asked
    expect(items.length).toBeGreaterThan(100);
    expect(items.filter(({ key }) => !keys.test(key)).map(({ key }) => key)).toEqual([]);
    expect(items.filter(({ type }) => type !== 'string').map(({ key }) => key)).toEqual([]);
    expect(items.filter(({ ttlMs }) => ttlMs <= 0).map(({ key }) => key)).toEqual([]);
  });

  it('holds nothing for a member that a member may not see', { timeout: 120_000 }, async () => {
    const { texts } = await keptAfter(people.filter(({ email }) => email === 'member@acme.test'));
    expect(found(texts, canaries.own).length).toBeGreaterThan(1); // in memory and in Redis
    for (const canary of [canaries.internal, canaries.foreign, canaries.globex]) {
      expect(found(texts, canary)).toEqual([]);
    }
  });

  it('holds nothing of another tenant, whatever ids are asked for', { timeout: 120_000 }, async () => {
    const { texts } = await keptAfter(people.filter(({ tenant }) => tenant === 'acme'));
    expect(found(texts, canaries.internal).length).toBeGreaterThan(1);
    expect(found(texts, canaries.globex)).toEqual([]);
  });
});

/** Asks everything on behalf of these people, twice, of a node of its own; answers all that is kept afterwards. */
async function keptAfter(askers: readonly DemoToken[]) {
  const memory = watchMemory();
  try {
    const node = await startCached();
    const answers: string[] = [];
    for (const question of [...named, ...generated]) {
      for (const person of [...askers, ...askers]) {
        answers.push((await ask(node, person, question.text('kept'), question.variables)).answer);
      }
    }
    const items = await scanRedis(redis.client);
    const dumped = memory.dump();
    expect(dumped.length).toBeGreaterThan(20);
    const stored = items.map(async ({ key, value }) => `${key} ${value} ${await unpacked(value)}`);
    return { answers, items, texts: [...dumped, ...(await Promise.all(stored))] };
  } finally {
    memory.stop();
  }
}

/** Where a canary sings, and what is around it. */
function found(texts: readonly string[], canary: string): string[] {
  const hits = texts.filter((text) => text.includes(canary));
  return hits.map((text) => text.slice(Math.max(0, text.indexOf(canary) - 200)).slice(0, 300));
}

function expectedOf(question: Question, person: DemoToken): Promise<string> {
  const key = `${question.text('')} ${JSON.stringify(question.variables)} ${person.email}`;
  const known = expected.get(key);
  if (known) return known;
  const asked = ask(twin, person, question.text('twin'), question.variables).then(({ answer, status }) => {
    expect(status).not.toBe('HIT');
    return answer;
  });
  expected.set(key, asked);
  return asked;
}

async function ask(node: Node, person: DemoToken, query: string, variables: object) {
  const asked = { variables: { ...variables } };
  const { data, errors = [], extensions } = await askGraphql(node.url)(person.token, query, asked);
  // Fields fail in no particular order.
  const failures = errors.map((error: any) => JSON.stringify([error.message, error.path, error.extensions])).toSorted();
  return { answer: JSON.stringify({ data, failures }), status: reportOf({ extensions }).status };
}

function told({ name, variables }: Question, { email }: DemoToken): string {
  return `${name} ${JSON.stringify(variables)} as ${email}, seed ${seed}`;
}

async function startCached(): Promise<Node> {
  const store = createRedisStore(redis.url);
  const { node } = await startNode({ store });
  nodes.push(node);
  return node;
}

async function startNode({
  store,
  maxBytes,
}: {
  store?: RedisStore;
  maxBytes?: number;
}): Promise<{ app: App; node: Node }> {
  const app = createApp({
    databaseUrl: database.url,
    tokens: testTokens,
    now: () => testNow,
    cache: { store: store?.store, maxBytes },
  });
  const url = await app.listen(0);
  const close = async () => {
    await app.close();
    store?.close();
  };
  return { app, node: { url, close } };
}

async function plantCanaries(): Promise<void> {
  const { owner } = database;
  await owner.query(`UPDATE people SET emergency_contact = '${canaries.emergency} ' || id`);
  for (const [table, column] of [
    ['tickets', 'title'],
    ['people', 'name'],
    ['assets', 'name'],
    ['jobs', 'title'],
    ['sites', 'name'],
    ['teams', 'name'],
    ['customers', 'name'],
    ['choices', 'label'],
    ['tenants', 'name'],
  ]) {
    const tenant = table === 'tenants' ? 'id' : 'tenant_id';
    await owner.query(
      `UPDATE ${table} SET ${column} = left(${column}, 100) || ' ${canaries.globex}'
        WHERE ${tenant} = (SELECT id FROM tenants WHERE slug = 'globex')`,
    );
  }
  const mine = `(SELECT id FROM people WHERE email = 'member@acme.test')`;
  const acme = `tenant_id = (SELECT id FROM tenants WHERE slug = 'acme')`;
  await owner.query(
    `UPDATE tickets SET title = CASE WHEN reporter_id = ${mine} OR assignee_id = ${mine} THEN '${canaries.own} ' ELSE '${canaries.foreign} ' END || left(title, 100)
      WHERE ${acme}`,
  );
  await owner.query(
    `INSERT INTO ticket_comments (tenant_id, id, ticket_id, body, internal)
     SELECT tenant_id, gen_random_uuid(), id, 'For the desk only', true FROM tickets WHERE reporter_id = ${mine}`,
  );
  await owner.query(`UPDATE ticket_comments SET body = '${canaries.internal} ' || id WHERE internal`);
}
