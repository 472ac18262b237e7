import { createInMemoryCache, useResponseCache, type Cache } from '@envelop/response-cache';
import { createRedisCache } from '@envelop/response-cache-redis';
import type { Plugin } from 'graphql-yoga';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createCoherentCache,
  createMemoryLog,
  useAwaitedInvalidations,
  type AppendableChangeLog,
  type CacheEvent,
  type CoherentCacheOptions,
} from '../../../src/cache/index.ts';
import { createPostgresLog } from '../../../src/db/postgres-log/create-postgres-log.ts';
import { until } from '../../support/built-server.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { createGate } from '../node.ts';
import { createTodoDatabase, createTodoServer, type TodoDatabase } from './todo-server.ts';

let redis: TestRedis;
let postgres: TestDatabase;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startTestRedis(), createTestDatabase()]);
  await createPostgresLog({ pool: postgres.owner }).install();
});
afterAll(async () => {
  await Promise.all([redis.stop(), postgres.drop()]);
});
beforeEach(async () => {
  await redis.client.flushall();
});

const session = () => null;

/** The server as it was. */
const withStock = (database: TodoDatabase, cache: Cache) =>
  createTodoServer(database, [useResponseCache({ session, cache })]);

/** The server after the change that docs/drop-in.md shows. */
function withCoherent(database: TodoDatabase, options: CoherentCacheOptions<Record<string, unknown>> = {}) {
  const events: CacheEvent[] = [];
  const cache = createCoherentCache({ emit: (event) => events.push(event), ...options });
  const plugins: Plugin[] = [useResponseCache({ session, cache }), useAwaitedInvalidations(cache)];
  return { ...createTodoServer(database, plugins), cache, events };
}

const everyTodo = '{ todos { id title done } }';

/**
 * A reader reads, is slow, and stores what it read after somebody else's change was acknowledged.
 * Answers what the next reader is told.
 */
async function actOutSlowReader(database: TodoDatabase, ask: (query: string) => Promise<Record<string, unknown>>) {
  const [hasRead, mayGoOn] = [createGate(), createGate()];
  database.afterRead = () => (hasRead.open(), mayGoOn.opened);
  const slow = ask('{ todo(id: 1) { id done } }');
  await hasRead.opened;
  await ask('mutation { finish(id: 1) { id done } }');
  mayGoOn.open();
  database.afterRead = async () => {};
  expect(await slow).toEqual({ todo: { id: '1', done: false } }); // it began before the change
  await new Promise((resolve) => setTimeout(resolve, 50)); // stock caches do not wait for what they store
  return ask('{ todo(id: 1) { id done } }');
}

describe('the slow-reader race', () => {
  it('makes the stock memory cache serve stale answers, for as long as it keeps them', async () => {
    const database = createTodoDatabase();
    const { ask } = withStock(database, createInMemoryCache());
    expect(await actOutSlowReader(database, ask)).toEqual({ todo: { id: '1', done: false } });
    expect(await ask('{ todo(id: 1) { id done } }')).toEqual({ todo: { id: '1', done: false } });
  });

  it('makes the stock Redis cache serve stale answers, for as long as it keeps them', async () => {
    const database = createTodoDatabase();
    const { ask } = withStock(database, createRedisCache({ redis: redis.client }));
    expect(await actOutSlowReader(database, ask)).toEqual({ todo: { id: '1', done: false } });
    expect(await ask('{ todo(id: 1) { id done } }')).toEqual({ todo: { id: '1', done: false } });
  });
});

const logs: [string, () => AppendableChangeLog][] = [
  ['a log in the process', () => createMemoryLog()],
  ['a log in Postgres', () => createPostgresLog({ pool: postgres.owner })],
];

describe.each(logs)('a Yoga server with the coherent cache and %s', (_name, createLog) => {
  /** Each test has tenants of its own: the log in Postgres is shared by all of them. */
  let tenants = 0;
  const create = (database: TodoDatabase, options: CoherentCacheOptions<Record<string, unknown>> = {}) => {
    const tenant = `tenant ${(tenants += 1)}`;
    return withCoherent(database, { log: createLog(), tenantOf: () => tenant, ...options });
  };

  it('serves nothing stale after the slow-reader race, from memory or from Redis', async () => {
    const database = createTodoDatabase();
    const { ask } = create(database, { store: createRedisCache({ redis: redis.client }) });
    expect(await actOutSlowReader(database, ask)).toEqual({ todo: { id: '1', done: true } });
  });

  it('executes once, and answers the same from then on', async () => {
    const database = createTodoDatabase();
    const { ask } = create(database);
    const first = await ask(everyTodo);
    for (let again = 0; again < 5; again += 1) expect(await ask(everyTodo)).toEqual(first);
    expect(database.reads).toBe(1);
  });

  const changes: [string, query: string, mutation: string][] = [
    ['an entity it shows', '{ todo(id: 1) { id done } }', 'mutation { finish(id: 1) { id } }'],
    ['an entity in a list', everyTodo, 'mutation { finish(id: 2) { id } }'],
    ['a new item of a list', everyTodo, 'mutation { addTodo(title: "new") { id } }'],
    ['an item that enters a filter', '{ todos(done: true) { id } }', 'mutation { finish(id: 1) { id } }'],
    ['the first item of an empty list', '{ finished: todos(done: true) { id } }', 'mutation { finish(id: 1) { id } }'],
    ['something that was not found', '{ mine: todo(id: 3) { id } }', 'mutation { addTodo(title: "new") { id } }'],
    ['a single object that is another now', '{ latest { id } }', 'mutation { addTodo(title: "new") { id } }'],
    ['a type without an id', '{ stats { open } }', 'mutation { addTodo(title: "new") { id } }'],
    ['a figure at the root', '{ count }', 'mutation { addTodo(title: "new") { id } }'],
    ['a figure beside an entity', '{ todo(id: 1) { id } count }', 'mutation { addTodo(title: "new") { id } }'],
    ['an entity whose id is not asked for', '{ todo(id: 1) { done } }', 'mutation { finish(id: 1) { done } }'],
  ];
  it.each(changes)('answers anew after a change of %s', async (_what, query, mutation) => {
    const database = createTodoDatabase();
    const { ask } = create(database);
    const before = await ask(query);
    const { reads } = database;
    expect(await ask(query)).toEqual(before);
    expect(database.reads).toBe(reads); // it was a hit
    await ask(mutation);
    const after = await ask(query);
    expect(database.reads).toBe(2 * reads);
    expect(after).toEqual(await createTodoServer(database, []).ask(query));
  });

  it('invalidates a whole type when asked to', async () => {
    const database = createTodoDatabase();
    const { ask, cache } = create(database, { precision: 'entity', tenantOf: undefined });
    await ask('{ todo(id: 1) { id done } }');
    for (const todo of database.todos) todo.done = true; // behind the server's back
    await cache.invalidate([{ typename: 'Todo' }]);
    expect(await ask('{ todo(id: 1) { id done } }')).toEqual({ todo: { id: '1', done: true } });
  });

  it('by entity: keeps answers that show another one, and lists of them not', async () => {
    const database = createTodoDatabase();
    const { ask } = create(database, { precision: 'entity' });
    const other = '{ todo(id: 2) { id done } }';
    await ask(other);
    await ask(everyTodo);
    await ask('mutation { finish(id: 1) { id } }');
    const { reads } = database;
    await ask(other);
    expect(database.reads).toBe(reads);
    expect(await ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
  });

  it('answers a mutation when its invalidation is in the log, and not before', async () => {
    const log = createLog();
    const [asked, mayAppend] = [createGate(), createGate()];
    const slow: AppendableChangeLog = {
      ...log,
      async append(tenant, tags) {
        asked.open();
        await mayAppend.opened;
        return log.append(tenant, tags);
      },
    };
    const { ask } = create(createTodoDatabase(), { log: slow });
    let isAnswered = false;
    const mutation = ask('mutation { finish(id: 1) { id } }').then(() => (isAnswered = true));
    await asked.opened;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAnswered).toBe(false);
    mayAppend.open();
    await mutation;
  });

  it('without the plugin that waits, still has reads of the same instance wait for what it has changed', async () => {
    const database = createTodoDatabase();
    const log = createLog();
    const slow: AppendableChangeLog = {
      ...log,
      async append(tenant, tags) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return log.append(tenant, tags);
      },
    };
    const tenant = `alone ${(tenants += 1)}`;
    const cache = createCoherentCache({ log: slow, tenantOf: () => tenant });
    const { ask } = createTodoServer(database, [useResponseCache({ session, cache })]);
    await ask(everyTodo);
    await ask('mutation { finish(id: 1) { id } }');
    expect(await ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
  });

  it('keeps the operations of a batch apart', async () => {
    const database = createTodoDatabase();
    const { ask, askAll } = create(database);
    const batch = [everyTodo, '{ stats { open } }', everyTodo, '{ count }'];
    await askAll(batch);
    await ask('mutation { addTodo(title: "new") { id } }');
    await askAll(batch);
    const { reads } = database;
    const answers = await askAll(batch);
    expect(answers).toMatchObject([{ todos: { length: 3 } }, { stats: { open: 3 } }, {}, { count: 3 }]);
    expect(database.reads).toBe(reads);
  });

  it('shares nothing between tenants, and lets none invalidate what is another’s', async () => {
    const database = createTodoDatabase();
    const run = `run ${Math.random()}`;
    const tenantOf = (context: Record<string, unknown>) =>
      `${run} ${(context['request'] as Request).headers.get('x-tenant')}`;
    const { ask } = create(database, { tenantOf });
    const as = (tenant: string) => (query: string) => ask(query, { 'x-tenant': tenant });
    await as('acme')(everyTodo);
    await as('globex')(everyTodo);
    expect(database.reads).toBe(2);
    await as('acme')('mutation { finish(id: 1) { id } }');
    await as('globex')(everyTodo);
    expect(database.reads).toBe(2);
    await as('acme')(everyTodo);
    expect(database.reads).toBe(3);
  });
});

describe('two instances that share Redis and a log in Postgres', () => {
  const createPair = () => {
    const database = createTodoDatabase();
    const tenant = `pair ${Math.random()}`;
    const create = () =>
      withCoherent(database, {
        log: createPostgresLog({ pool: postgres.owner }),
        store: createRedisCache({ redis: redis.client }),
        tenantOf: () => tenant,
      });
    return { database, tenant, one: create(), two: create() };
  };

  it('serve what the other has computed, and see at once what the other has changed', async () => {
    const { database, one, two } = createPair();
    await Promise.all([one.ask('{ count }'), two.ask('{ count }')]); // each knows the log
    const shared = (events: readonly CacheEvent[]) =>
      events.filter((event) => event.type === 'store' && event.level === 'L2').length;
    for (let round = 0; round < 10; round += 1) {
      const [here, there] = round % 2 === 0 ? [one, two] : [two, one];
      const before = shared(there.events);
      await here.ask(`mutation { addTodo(title: "round ${round}") { id } }`);
      expect((await there.ask(everyTodo))['todos']).toHaveLength(3 + round);
      await until(() => shared(there.events) > before);
      const { reads } = database;
      expect((await here.ask(everyTodo))['todos']).toHaveLength(3 + round);
      expect(database.reads).toBe(reads);
    }
    expect(two.events).toContainEqual(expect.objectContaining({ type: 'hit', level: 'L2' }));
  });

  it('see what a transaction, a trigger or psql has logged', async () => {
    const { database, tenant, one, two } = createPair();
    await Promise.all([one.ask(everyTodo), two.ask(everyTodo)]);
    for (const todo of database.todos) todo.title = 'changed in SQL';
    await postgres.owner.query('BEGIN; SELECT coherent_cache.changed($$' + tenant + "$$, 'Todo', '1'); COMMIT");
    for (const { ask } of [one, two]) {
      expect(await ask(everyTodo)).toMatchObject({ todos: [{ title: 'changed in SQL' }, { title: 'changed in SQL' }] });
    }
  });

  it('serve nothing stale when Redis comes back from an old dump, and fail nothing while it is away', async () => {
    const { one, two } = createPair();
    await Promise.all([one.ask(everyTodo), two.ask(everyTodo)]);
    await until(async () => (await redis.client.dbsize()) > 0);
    await redis.dump();
    await one.ask('mutation { finish(id: 1) { id } }');
    await redis.kill();
    expect(await two.ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
    await redis.start('dump');
    expect(await one.ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
  });
});

describe('a log that cannot be reached', () => {
  it('fails no query and no mutation; when it is back, what was changed meanwhile is known', async () => {
    const database = createTodoDatabase();
    const log = createMemoryLog();
    let isAway = false;
    const flaky: AppendableChangeLog = {
      ...log,
      append: (tenant, tags) => (isAway ? Promise.reject(new Error('away')) : log.append(tenant, tags)),
      pull: (since) => (isAway ? Promise.reject(new Error('away')) : log.pull(since)),
    };
    const other = withCoherent(database, { log });
    const { ask, events } = withCoherent(database, { log: flaky });
    await Promise.all([ask(everyTodo), other.ask(everyTodo)]);
    isAway = true;
    await ask('mutation { finish(id: 1) { id } }');
    expect(await ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
    expect(events).toContainEqual(expect.objectContaining({ type: 'error', where: 'log append' }));
    isAway = false;
    expect(await ask(everyTodo)).toMatchObject({ todos: [{ done: true }, { done: false }] });
    await until(async () => ((await other.ask(everyTodo))['todos'] as { done: boolean }[])[0]?.done === true);
  });
});
