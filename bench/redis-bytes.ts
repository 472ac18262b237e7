import { randomBytes } from 'node:crypto';
import { createRedisCache } from '@envelop/response-cache-redis';
import { useResponseCache } from '@envelop/response-cache';
import { buildSchema as buildFromSdl } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Redis } from 'ioredis';
import { createApp } from '../src/app/create-app.ts';
import { demoTokens } from '../src/app/demo-tokens.ts';
import { printSdl } from '../src/app/print-sdl.ts';
import { createRedisStore } from '../src/app/redis-store.ts';
import { parseEncryptionKeys, type EncryptionKey } from '../src/cache/index.ts';
import { migrate } from '../src/db/migrate.ts';
import { createPool } from '../src/db/pool.ts';
import { seedDemo } from '../src/seed/seed-demo.ts';
import { until } from '../test/support/built-server.ts';
import { startTestRedis } from '../test/support/redis.ts';
import { startTemporaryDatabase } from './temporary-database.ts';

// What one answer takes in Redis: 120 ticket lists of about 12 KB, each ticket in ten of them, asked of this server and
// of Yoga with its response cache as documented.
// npm run bench:redis-bytes
const target = 0.25;
const perPage = 50;
const tokens = { secret: randomBytes(48).toString('base64'), jwksUrl: null, issuer: null, audience: null };

/** `ids`: what the stock cache asks for beside what was asked, to find entities. */
const queryOf = (ids: '' | 'id') => `
  query TicketList($after: String, $orderBy: TicketOrder) {
    tickets(first: ${perPage}, after: $after, orderBy: $orderBy) {
      totalCount
      pageInfo { endCursor hasNextPage }
      edges { node { id number title status priority site { ${ids} name } assignee { ${ids} name } } }
    }
  }`;

interface Page {
  readonly variables: { after: string | null; orderBy: { field: string; direction: string } };
  /** With what the stock cache asks for. */
  readonly data: unknown;
}

type Ask = (query: string, variables: object) => Promise<{ data: any; bytes: number }>;

async function main(): Promise<void> {
  const database = await startTemporaryDatabase();
  const redis = await startTestRedis();
  const owner = createPool({ connectionString: database.connectionString, role: null, max: 2, onError: () => {} });
  try {
    await migrate(owner);
    await seedDemo({ operator: owner, now: new Date() });
    const onOurs = async (encryptionKeys: readonly EncryptionKey[], work: (ask: Ask) => Promise<void>) => {
      const store = createRedisStore(redis.url);
      const app = createApp({
        databaseUrl: database.connectionString,
        tokens,
        cache: { store: store.store, encryptionKeys },
      });
      const url = `${await app.listen(0)}/graphql`;
      const [admin] = await demoTokens({ operator: owner, pool: app.pool, tokens });
      await work(async (query, variables) => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${admin?.token}` };
        const text = await (
          await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
        ).text();
        return { data: JSON.parse(text).data, bytes: text.length };
      });
      await app.close();
      store.close();
    };

    let pages: Page[] = [];
    await onOurs([], async (ask) => void (pages = await allPages(ask)));

    const rows: [string, Held][] = [];
    rows.push(['stock', await heldAfter(redis.client, pages.length, () => askStock(redis.client, pages))]);
    const keys = parseEncryptionKeys(`bench:${randomBytes(32).toString('base64')}`);
    let bytes = 0;
    const askAll = async (ask: Ask) => {
      bytes = 0;
      for (const { variables } of pages) bytes += (await ask(queryOf(''), variables)).bytes;
      await until(async () => (await redis.client.dbsize()) >= pages.length); // no answer waits for Redis
    };
    rows.push(['signed', await heldAfter(redis.client, pages.length, () => onOurs([], askAll))]);
    rows.push(['encrypted', await heldAfter(redis.client, pages.length, () => onOurs(keys, askAll))]);
    print(rows, { count: pages.length, bytes: bytes / pages.length });
  } finally {
    await owner.end();
    await redis.stop();
    await database.stop();
  }
}

/** Every page of the list in every order. */
async function allPages(ask: Ask): Promise<Page[]> {
  const pages: Page[] = [];
  for (const field of ['CREATED_AT', 'UPDATED_AT', 'DUE_AT', 'NUMBER', 'PRIORITY']) {
    for (const direction of ['ASC', 'DESC']) {
      let after: string | null = null;
      do {
        const variables: Page['variables'] = { after, orderBy: { field, direction } };
        const { data } = await ask(queryOf('id'), variables);
        pages.push({ variables, data: data.tickets });
        after = data.tickets.pageInfo.hasNextPage ? data.tickets.pageInfo.endCursor : null;
      } while (after);
    }
  }
  return pages;
}

/** The same schema and the same answers, resolved from memory. */
async function askStock(redis: Redis, pages: readonly Page[]): Promise<void> {
  const schema = buildFromSdl(printSdl());
  let current: Page | undefined;
  const list = schema.getQueryType()?.getFields()['tickets'];
  if (list) list.resolve = () => current?.data;
  const cache = createRedisCache({ redis });
  const yoga = createYoga({ schema, logging: false, plugins: [useResponseCache({ session: () => null, cache })] });
  for (const page of pages) {
    current = page;
    const body = JSON.stringify({ query: queryOf(''), variables: page.variables });
    const headers = { 'content-type': 'application/json' };
    const { data } = await (await yoga.fetch('http://stock/graphql', { method: 'POST', headers, body })).json();
    if (data?.tickets.edges.length !== perPage && data?.tickets.pageInfo.hasNextPage)
      throw new Error('A wrong answer.');
  }
}

/** What lies in Redis. */
interface Held {
  keys: number;
  withoutExpiry: number;
  /** As MEMORY USAGE has it: keys, values and what Redis needs to hold them. */
  memory: number;
  /** Of that, in keys that hold no answer: the index. */
  index: number;
}

async function heldAfter(redis: Redis, answers: number, work: () => Promise<void>): Promise<Held> {
  await redis.flushall();
  await work();
  const held: Held = { keys: 0, withoutExpiry: 0, memory: 0, index: 0 };
  for (const key of await redis.keys('*')) {
    const memory = (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;
    held.keys += 1;
    held.memory += memory;
    if ((await redis.type(key)) !== 'string') held.index += memory;
    if ((await redis.pttl(key)) < 0) held.withoutExpiry += 1;
  }
  if (held.keys < answers) throw new Error(`Redis holds ${held.keys} keys for ${answers} answers.`);
  return held;
}

function print(rows: readonly [string, Held][], { count, bytes }: { count: number; bytes: number }): void {
  const stock = rows[0]?.[1].memory ?? Number.NaN;
  console.log(`${count} answers of ${perPage} tickets, ${Math.round(bytes)} bytes each: memory in Redis for one.`);
  for (const [name, { keys, withoutExpiry, memory, index }] of rows) {
    const ratio = memory / stock;
    const mark = name === 'stock' || (ratio <= target && withoutExpiry === 0) ? ' ' : '!';
    console.log(
      `${mark} ${name.padEnd(10)} ${Math.round(memory / count)} bytes, of which index ${Math.round(index / count)}; ${keys} keys, ${withoutExpiry} of them for ever; ${ratio.toFixed(3)} of stock`,
    );
  }
  console.log(`Target: ${target}, and nothing for ever.`);
}

await main();
