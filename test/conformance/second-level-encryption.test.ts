import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { demoTokens, type DemoToken } from '../../src/app/demo-tokens.ts';
import { createRedisStore } from '../../src/app/redis-store.ts';
import type { CacheEvent, EncryptionKey } from '../../src/cache/index.ts';
import { seedDemo } from '../../src/seed/seed-demo.ts';
import { keysNamed } from '../cache/codec-samples.ts';
import { scanRedis, unpacked } from '../consistency/leakage/kept.ts';
import { namedQuestions, type Question } from '../consistency/leakage/questions.ts';
import { askGraphql, reportOf } from '../support/ask-graphql.ts';
import { until } from '../support/built-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { testNow, testTokens } from '../support/world.ts';

let database: TestDatabase;
let redis: TestRedis;
let questions: Question[];
/** What must not be readable: names, titles, ids, the words of tags and answers. */
let canaries: string[];
/** Of answers and tags. Shorter ones are found in any noise of some length. */
const words = ['"edges":', '"totalCount":', 'P:ticket:', 'site_id='];

beforeAll(async () => {
  database = await createTestDatabase();
  await seedDemo({ operator: database.owner, now: testNow });
  redis = await startTestRedis();
  questions = await namedQuestions(database.owner);
  canaries = await canariesOf(database);
}, 120_000);
afterAll(async () => {
  await redis?.stop();
  await database?.drop();
});
beforeEach(async () => void (await redis.client.flushall()));

describe('Redis, to whoever scans it', () => {
  it('shows nothing of answers, tags and tenants, and keeps nothing for ever', { timeout: 120_000 }, async () => {
    const node = await startNode(keysNamed('2026a'));
    try {
      await askEverything(node);
      const items = await scanRedis(redis.client);
      expect(items.length).toBeGreaterThan(100);
      expect(items.filter(({ ttlMs }) => ttlMs <= 0)).toEqual([]);
      const everything = items
        .map(
          ({ key, value }) => `${key}\n${value}\n${Buffer.from(JSON.parse(value).data.b, 'base64').toString('latin1')}`,
        )
        .join('\n');
      expect(canaries.filter((canary) => everything.includes(canary))).toEqual([]);
    } finally {
      await node.close();
    }
  });

  it('would show all that without keys, once it is unpacked', { timeout: 120_000 }, async () => {
    const node = await startNode();
    try {
      await askEverything(node);
      const items = await scanRedis(redis.client);
      const everything = (await Promise.all(items.map(({ value }) => unpacked(value)))).join('\n');
      const shown = canaries.filter((canary) => everything.includes(canary));
      expect(shown.length / canaries.length).toBeGreaterThan(0.5);
      expect(shown).toEqual(expect.arrayContaining(words));
      // Which tenant a key belongs to is told to nobody even then.
      expect(items.filter(({ key }) => canaries.some((canary) => key.includes(canary)))).toEqual([]);
    } finally {
      await node.close();
    }
  });
});

describe('nodes that share an encrypted Redis', () => {
  const [older, newer] = keysNamed('2026a', '2026b') as [EncryptionKey, EncryptionKey];
  const text = '{ tickets(first: 5) { edges { node { title } } } }';

  it('hit what another has stored, before, during and after a rotation', async () => {
    const nodes = await Promise.all([[older], [older, newer], [newer, older], [newer]].map((keys) => startNode(keys)));
    const [before, told, rotated, after] = nodes as [Node, Node, Node, Node];
    try {
      const answer = await stored(before, text);
      for (const node of [told, rotated])
        expect(await ask(node, text)).toEqual({ ...answer, status: 'HIT', level: 'L2' });
      expect(await ask(after, text)).toEqual({ ...answer, status: 'MISS' }); // its key was dropped
      expect(after.rejections()).toEqual(['unknown-key']);
      const written = await stored(rotated, `query Again ${text}`);
      expect(await ask(after, `query Again ${text}`)).toEqual({ ...written, status: 'HIT', level: 'L2' });
      expect([before, told, rotated].flatMap((node) => node.rejections())).toEqual([]);
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  it('answer from the database what one with keys and one without have stored for themselves', async () => {
    const [encrypting, signing] = [await startNode([newer]), await startNode()];
    try {
      const answer = await stored(encrypting, text);
      expect(await stored(signing, text)).toEqual(answer);
      expect(signing.rejections()).toEqual(['encrypted']);
      const late = await startNode([newer]);
      try {
        expect(await ask(late, text)).toEqual(answer);
        expect(late.rejections()).toEqual(['unencrypted']);
      } finally {
        await late.close();
      }
    } finally {
      await Promise.all([encrypting.close(), signing.close()]);
    }
  });
});

interface Node {
  readonly app: App;
  readonly url: string;
  readonly people: DemoToken[];
  /** Why blobs were not believed. */
  rejections(): string[];
  close(): Promise<void>;
}

async function startNode(encryptionKeys?: readonly EncryptionKey[]): Promise<Node> {
  const connected = createRedisStore(redis.url);
  await until(async () => {
    try {
      await connected.store.get('anything');
      return true;
    } catch {
      return false;
    }
  });
  const app = createApp({
    databaseUrl: database.url,
    tokens: testTokens,
    now: () => testNow,
    cache: { store: connected.store, encryptionKeys },
  });
  const seen: CacheEvent[] = [];
  app.events.subscribe((event) => seen.push(event));
  const url = await app.listen(0);
  return {
    app,
    url,
    people: await demoTokens({ operator: database.owner, pool: app.pool, tokens: testTokens }),
    rejections: () => [...new Set(seen.flatMap((event) => (event.type === 'rejected-blob' ? [event.reason] : [])))],
    async close() {
      await app.close();
      connected.close();
    },
  };
}

async function askEverything(node: Node): Promise<void> {
  for (const question of questions) {
    for (const { token } of node.people) await ask(node, question.text('kept'), question.variables, token);
  }
}

/** Asks, and waits until the answer has reached Redis. */
async function stored(node: Node, query: string) {
  let isStored = false;
  const stop = node.app.events.subscribe((event) => {
    if (event.type === 'store' && event.level === 'L2' && event.operation !== 'viewer') isStored = true;
  });
  const answer = await ask(node, query);
  await until(async () => isStored);
  stop();
  return answer;
}

async function ask(node: Node, query: string, variables = {}, token = node.people[0]?.token) {
  const { data, extensions } = await askGraphql(node.url)(token ?? null, query, { variables });
  const { status, level } = reportOf({ extensions });
  return { data, status, level };
}

async function canariesOf({ owner }: TestDatabase): Promise<string[]> {
  const { rows } = await owner.query<{ text: string }>(
    `SELECT title AS text FROM tickets UNION SELECT name FROM people UNION SELECT email FROM people
      UNION SELECT name FROM sites UNION SELECT label FROM choices UNION SELECT id::text FROM tenants
      UNION SELECT name FROM tenants`,
  );
  return [
    ...rows.map(({ text }) => text).filter((text) => text.length >= 8),
    ...words.filter((word) => word.length >= 7),
  ];
}
