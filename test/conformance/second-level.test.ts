import { createInMemoryCache } from '@envelop/response-cache';
import { createRedisCache } from '@envelop/response-cache-redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createRedisStore, type RedisStore } from '../../src/app/redis-store.ts';
import { createFakeLog } from '../cache/fakes.ts';
import { computing, createNode, textOf as textOfResult } from '../cache/node.ts';
import { until } from '../support/built-server.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { describeSecondLevel, entryOf, openForMs, protect, textOf, timed, briefMs } from './second-level.ts';

let redis: TestRedis;
let connected: RedisStore;

beforeAll(async () => {
  redis = await startTestRedis();
  connected = createRedisStore(redis.url);
  await until(isBack);
});
afterAll(async () => {
  connected.close();
  await redis.stop();
});

const isBack = async () => {
  try {
    await connected.store.get('anything');
    return true;
  } catch {
    return false;
  }
};

describeSecondLevel("envelop's memory cache", () => createInMemoryCache());
describeSecondLevel('the server’s Redis store', async () => {
  await until(isBack);
  return connected.store;
});
describeSecondLevel("envelop's Redis cache on any connection", async () => {
  await until(async () => (await redis.client.ping().catch(() => '')) === 'PONG');
  return createRedisCache({ redis: redis.client });
});

describe('Redis as a second level', () => {
  beforeEach(() => until(isBack));

  it('holds nothing without an expiry, under no prefix but ours, and is never searched or told to forget', async () => {
    await redis.client.flushall();
    await redis.client.config('RESETSTAT');
    const log = createFakeLog();
    const node = createNode(log, { store: connected.store });
    for (let index = 0; index < 50; index += 1) {
      const compute = computing(log, () => `answer ${index}`, [`E:ticket:${index}`, 'L:ticket']);
      await (await node.cache.begin('acme')).read({ key: `k${index}`, operation: 'Q', compute });
      log.change('acme', 'L:ticket');
    }
    await until(async () => (await redis.client.dbsize()) === 50);
    const keys = await redis.client.keys('*');
    expect(keys.every((key) => key.startsWith('freshfield:'))).toBe(true);
    for (const key of keys) {
      const left = await redis.client.pttl(key);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(60_000);
    }
    const stats = await redis.client.info('commandstats');
    const commands = [...stats.matchAll(/^cmdstat_([^:]+):/gm)].map(([, name]) => name);
    // `keys`, `dbsize` and `pttl` are this test's own; `info` is how a client learns that the server is ready.
    expect(
      commands.filter((name) => !['keys', 'dbsize', 'pttl', 'info', 'config|resetstat'].includes(name ?? '')),
    ).toEqual(expect.arrayContaining(['get', 'set']));
    expect(
      commands.filter((name) => /^(scan|sscan|smembers|sadd|del|unlink|flush.*|eval.*|expire.*)$/.test(name ?? '')),
    ).toEqual([]);
    expect(stats.match(/cmdstat_keys:calls=(\d+)/)?.[1]).toBe('1');
  });

  it('is asked for many in one command, and what is not ours there harms nothing beside it', async () => {
    const { remote, seen, states } = protect(connected.store);
    await redis.client.flushall();
    await remote.set('acme', 'two', entryOf('two'));
    for (const id of await redis.client.keys('*')) await redis.client.set(id, 'not {json');
    for (const key of ['one', 'three']) await remote.set('acme', key, entryOf(key));
    await redis.client.config('RESETSTAT');
    const back = await remote.getMany('acme', ['none', 'one', 'two', 'three']);
    expect(back.map(textOf)).toEqual([null, 'one', null, 'three']);
    for (let attempt = 0; attempt < 10; attempt += 1) expect(await remote.get('acme', 'two')).toBeNull();
    const rejected = seen.filter(({ type }) => type === 'rejected-blob');
    expect(rejected).toHaveLength(11);
    expect(rejected[0]).toEqual({ type: 'rejected-blob', tenant: 'acme', reason: 'foreign' });
    expect(states()).toEqual([]); // it has answered: it is not away
    const stats = await redis.client.info('commandstats');
    expect(stats).toMatch(/cmdstat_mget:calls=1,/);
    expect(stats).toMatch(/cmdstat_get:calls=10,/);
  });

  it('that keeps its keys on several machines is asked for each by itself', async () => {
    const cluster = await startTestRedis(['--cluster-enabled', 'yes']);
    const spread = createRedisStore(cluster.url);
    try {
      await cluster.client.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
      await until(async () => (await cluster.client.cluster('INFO')).includes('cluster_state:ok'));
      const { remote, states } = protect(spread.store);
      const keys = ['one', 'two', 'three', 'four'];
      await until(() => remote.set('acme', 'none', entryOf('none')));
      for (const key of keys) expect(await remote.set('acme', key, entryOf(key))).toBe(true);
      await expect(cluster.client.mget(await cluster.client.keys('*'))).rejects.toThrow('CROSSSLOT');
      expect((await remote.getMany('acme', [...keys, 'absent'])).map(textOf)).toEqual([...keys, null]);
      expect(states()).toEqual([]);
    } finally {
      spread.close();
      await cluster.stop();
    }
  });

  it('says so when it has no room, rather than pretend to have stored', async () => {
    await redis.client.config('SET', 'maxmemory', '1');
    try {
      const { remote, seen } = protect(connected.store);
      expect(await remote.set('acme', 'k', entryOf('x'))).toBe(false);
      expect(seen).toContainEqual(expect.objectContaining({ type: 'remote', command: 'set', failed: true }));
    } finally {
      await redis.client.config('SET', 'maxmemory', '0');
    }
  });

  it('that answers nothing any more costs a few timeouts; it is used again seconds after it does', async () => {
    const { remote, states } = protect(connected.store, briefMs);
    await remote.set('acme', 'paused', entryOf('x'));
    redis.pause();
    try {
      const spent = await timed(async () => {
        for (let attempt = 0; attempt < 100; attempt += 1) await remote.get('acme', 'paused');
      });
      expect(spent).toBeLessThan(10 * briefMs);
      expect(states()).toEqual(['open']);
    } finally {
      redis.resume();
    }
    const spent = await timed(() => until(async () => textOf(await remote.get('acme', 'paused')) === 'x'));
    expect(spent).toBeLessThan(openForMs + 4_000);
    expect(states().at(-1)).toBe('closed');
  });

  it('that was killed fails at once; restarted, it is used again within seconds', async () => {
    const { remote, states } = protect(connected.store);
    await remote.set('acme', 'killed', entryOf('x'));
    await redis.kill();
    await until(async () => !(await isBack()));
    const spent = await timed(async () => {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        await remote.get('acme', 'killed');
        await remote.set('acme', 'killed', entryOf('x'));
      }
    });
    expect(spent).toBeLessThan(10 * briefMs);
    expect(states()[0]).toBe('open');
    await redis.start('empty');
    const recovered = await timed(() =>
      until(async () => (await remote.get('acme', 'killed'), await remote.set('acme', 'killed', entryOf('new')))),
    );
    expect(recovered).toBeLessThan(openForMs + 4_000);
    expect(textOf(await remote.get('acme', 'killed'))).toBe('new');
  });

  it('that comes back from an old dump gives back entries that are refused', async () => {
    const log = createFakeLog();
    const request = (text: string) => ({ key: 'k', operation: 'Q', compute: computing(log, () => text, ['L:ticket']) });
    const [one, two] = [createNode(log, { store: connected.store }), createNode(log, { store: connected.store })];
    await redis.client.flushall();
    await two.cache.begin('acme');
    await (await one.cache.begin('acme')).read(request('before the change'));
    await until(async () => (await redis.client.dbsize()) === 1);
    await redis.dump();
    log.change('acme', 'L:ticket');
    await (await one.cache.begin('acme')).read(request('after the change'));
    await redis.kill();
    await redis.start('dump');
    await until(isBack);
    expect(await redis.client.dbsize()).toBe(1);
    const read = await (await two.cache.begin('acme')).read(request('computed again'));
    expect(read).toMatchObject({ status: 'MISS', reason: 'changed', changedTag: 'L:ticket' });
    expect(textOfResult(read)).toBe('computed again');
  });

  it('that dies while a thousand readers wait fails none of them', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log, { store: connected.store });
    const readers = Array.from({ length: 1_000 }, async (_, index) => {
      const compute = computing(log, () => `answer ${index}`, []);
      return textOfResult(await (await cache.begin('acme')).read({ key: `dying ${index}`, operation: 'Q', compute }));
    });
    await redis.kill();
    expect(await Promise.all(readers)).toEqual(readers.map((_, index) => `answer ${index}`));
    await redis.start('empty');
  });
});
