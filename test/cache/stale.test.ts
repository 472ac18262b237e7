import { describe, expect, it } from 'vitest';
import type { ReadRequest, StalePolicy } from '../../src/cache/index.ts';
import { createFakeLog, type FakeLog } from './fakes.ts';
import { createBlobs, createGate, createNode, textOf } from './node.ts';

const policy: StalePolicy = { whileRevalidateMs: 10_000, ifErrorMs: 60_000, whenChanged: 'on-error' };

/** A value whose text, cost and failure the test decides; it is fresh for a minute. */
function createValue(log: FakeLog, stale: StalePolicy | undefined = policy) {
  const value = {
    text: 'old',
    runs: 0,
    failing: null as Error | null,
    gate: null as Promise<void> | null,
    costMs: 0,
    request: {} as ReadRequest,
  };
  value.request = {
    key: 'k',
    operation: 'Q',
    stale,
    async compute() {
      value.runs += 1;
      const stamp = log.head('acme');
      const { text } = value;
      await value.gate;
      if (value.failing) throw value.failing;
      const body = Buffer.from(text);
      return { body, meta: {}, stamp, tags: ['L:ticket'], ttlMs: 60_000, staleForMs: 600_000, costMs: value.costMs };
    },
  };
  return value;
}

/** Lets everything that is under way, and waits for nothing, come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a value that has expired', () => {
  it('is served, marked, while exactly one renewal runs, and is fresh once that has landed', async () => {
    const log = createFakeLog();
    const { cache, clock, seen } = createNode(log);
    const value = createValue(log);
    await (await cache.begin('acme')).read(value.request);
    clock.ms += 60_001;
    value.text = 'new';
    const gate = createGate();
    value.gate = gate.opened;
    const reads = await Promise.all(
      Array.from({ length: 100 }, async () => (await cache.begin('acme')).read(value.request)),
    );
    expect(new Set(reads.map(({ status }) => status))).toEqual(new Set(['STALE']));
    expect(reads.map(textOf)).toEqual(Array(100).fill('old'));
    expect(reads[0]).toMatchObject({ reason: 'expired', because: 'revalidating', level: 'L1' });
    expect(value.runs).toBe(2);
    gate.open();
    await settled();
    const after = await (await cache.begin('acme')).read(value.request);
    expect([after.status, textOf(after)]).toEqual(['HIT', 'new']);
    expect(seen.filter(({ type }) => type === 'renewal')).toHaveLength(1);
  });

  it('is not served once its window is over', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log);
    await (await cache.begin('acme')).read(value.request);
    value.text = 'new';
    clock.ms += 60_000 + 10_000;
    const after = await (await cache.begin('acme')).read(value.request);
    expect([after.status, textOf(after)]).toEqual(['MISS', 'new']);
  });

  it('is never served where no policy says so', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log, undefined);
    value.request = { ...value.request, stale: undefined };
    await (await cache.begin('acme')).read(value.request);
    clock.ms += 60_001;
    value.failing = new Error('away');
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('away');
  });

  it('is never served to a client that sends the token of its last mutation', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log);
    const token = log.change('acme', 'L:asset');
    await (await cache.begin('acme')).read(value.request);
    clock.ms += 60_001;
    value.text = 'new';
    expect(textOf(await (await cache.begin('acme', token)).read(value.request))).toBe('new');
    clock.ms += 60_001;
    value.failing = new Error('away');
    await expect((await cache.begin('acme', token)).read(value.request)).rejects.toThrow('away');
    log.failing = true;
    await expect((await cache.begin('acme', token + 1)).read(value.request)).rejects.toThrow('away');
  });

  it('comes from the second level, too, without anybody waiting for the renewal', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const [one, two] = [createNode(log, { store }), createNode(log, { store })];
    const value = createValue(log);
    await two.cache.begin('acme');
    await (await one.cache.begin('acme')).read(value.request);
    await settled();
    two.clock.ms += 60_001;
    const gate = createGate();
    value.gate = gate.opened;
    const served = await (await two.cache.begin('acme')).read(value.request);
    expect(served).toMatchObject({ status: 'STALE', level: 'L2', because: 'revalidating' });
    gate.open();
  });
});

describe('a value whose data has changed', () => {
  it('is not served while it is made anew, unless the policy opts into that', async () => {
    for (const whenChanged of ['on-error', 'always'] as const) {
      const log = createFakeLog();
      const { cache, clock } = createNode(log);
      const value = createValue(log, { ...policy, whenChanged });
      await (await cache.begin('acme')).read(value.request);
      value.text = 'new';
      log.change('acme', 'L:ticket');
      const first = await (await cache.begin('acme')).read(value.request);
      expect([first.status, textOf(first)]).toEqual(whenChanged === 'always' ? ['STALE', 'old'] : ['MISS', 'new']);
      await settled();
      expect(textOf(await (await cache.begin('acme')).read(value.request))).toBe('new');
      expect(clock.ms).toBe(1_000);
    }
  });

  it('is served for its window from when the change was noticed, not for ever', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log, { ...policy, whenChanged: 'always' });
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', 'L:ticket');
    value.failing = new Error('away');
    expect((await (await cache.begin('acme')).read(value.request)).status).toBe('STALE');
    clock.ms += 9_999;
    expect((await (await cache.begin('acme')).read(value.request)).because).toBe('revalidating');
    clock.ms += 1;
    expect((await (await cache.begin('acme')).read(value.request)).because).toBe('error');
  });

  it('is the last good value where making it anew fails', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log);
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', 'L:ticket');
    value.failing = new Error('away');
    const served = await (await cache.begin('acme')).read(value.request);
    expect(served).toMatchObject({ status: 'STALE', reason: 'changed', changedTag: 'L:ticket', because: 'error' });
    clock.ms += 60_000;
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('away');
  });

  it('is not served instead of an answer that says what is wrong with the request', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const value = createValue(log, { ...policy, isFailure: (error) => (error as Error).message !== 'forbidden' });
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', 'L:ticket');
    value.failing = new Error('forbidden');
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('forbidden');
  });

  it('is served where making it anew takes longer than those who wait would like, and that goes on', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const value = createValue(log, { ...policy, softTimeoutMs: 20 });
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', 'L:ticket');
    value.text = 'new';
    const gate = createGate();
    value.gate = gate.opened;
    const served = await (await cache.begin('acme')).read(value.request);
    expect([served.status, served.because, textOf(served)]).toEqual(['STALE', 'timeout', 'old']);
    gate.open();
    await settled();
    const after = await (await cache.begin('acme')).read(value.request);
    expect([after.status, textOf(after), value.runs]).toEqual(['HIT', 'new', 2]);
  });
});

it('a value that ended with its day is not served on the next while it is made anew, only where it cannot be', async () => {
  const log = createFakeLog();
  const { cache, clock } = createNode(log);
  const value = createValue(log);
  const { compute } = value.request;
  value.request.compute = async (where) => ({ ...(await compute(where)), freshFromMs: 1_000, freshUntilMs: 30_000 });
  await (await cache.begin('acme')).read(value.request);
  clock.ms = 30_000;
  value.failing = new Error('away');
  expect(await (await cache.begin('acme')).read(value.request)).toMatchObject({ status: 'STALE', because: 'error' });
  value.failing = null;
  value.text = 'new';
  expect(textOf(await (await cache.begin('acme')).read(value.request))).toBe('new');
});

describe('a purge', () => {
  it('that is soft leaves the value to those who may be served it while it is made anew', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const value = createValue(log);
    const strict = createValue(log, undefined);
    strict.request = { ...strict.request, key: 'strict', stale: undefined };
    for (const { request } of [value, strict]) await (await cache.begin('acme')).read(request);
    log.change('acme', '~L:ticket');
    value.text = strict.text = 'new';
    expect(await (await cache.begin('acme')).read(value.request)).toMatchObject({
      status: 'STALE',
      reason: 'soft-purge',
    });
    expect(textOf(await (await cache.begin('acme')).read(strict.request))).toBe('new');
    await settled();
    expect(textOf(await (await cache.begin('acme')).read(value.request))).toBe('new');
  });

  it('of everything lets nothing be served, whatever the policy', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const value = createValue(log, { ...policy, whenChanged: 'always' });
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', '*');
    value.failing = new Error('away');
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('away');
  });
});

describe('while the log cannot be read', () => {
  it('the last known value is served where the policy allows it and the value cannot be made either', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log);
    await (await cache.begin('acme')).read(value.request);
    log.failing = true;
    value.text = 'new';
    expect(await (await cache.begin('acme')).read(value.request)).toMatchObject({ status: 'BYPASS' });
    value.failing = new Error('away');
    const refreshing = (await cache.begin('acme')).read({ ...value.request, refresh: true });
    await expect(refreshing).rejects.toThrow('away');
    const served = await (await cache.begin('acme')).read(value.request);
    expect(served).toMatchObject({ status: 'STALE', reason: 'unreachable', because: 'error' });
    expect(textOf(served)).toBe('old');
    clock.ms += 60_000;
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('away');
  });

  it('nothing is served that is known to have changed, where the policy is never to', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const value = createValue(log, { ifErrorMs: 60_000, whenChanged: 'never' });
    await (await cache.begin('acme')).read(value.request);
    log.change('acme', 'L:ticket');
    await cache.begin('acme');
    log.failing = true;
    value.failing = new Error('away');
    await expect((await cache.begin('acme')).read(value.request)).rejects.toThrow('away');
  });
});

describe('a renewal that fails', () => {
  it('is tried again later and later, and at once again after a success', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const value = createValue(log, { ...policy, whileRevalidateMs: 600_000 });
    await (await cache.begin('acme')).read(value.request);
    clock.ms += 60_001;
    value.failing = new Error('away');
    const triesIn = async (spanMs: number) => {
      const before = value.runs;
      for (const end = clock.ms + spanMs; clock.ms < end; clock.ms += 100) {
        expect((await (await cache.begin('acme')).read(value.request)).status).toBe('STALE');
        await settled();
      }
      return value.runs - before;
    };
    expect(await triesIn(10_000)).toBe(4); // at 0, 1, 3 and 7 s
    expect(await triesIn(60_000)).toBeLessThanOrEqual(3);
    value.failing = null;
    clock.ms += 30_000;
    await (await cache.begin('acme')).read(value.request);
    await settled();
    expect((await (await cache.begin('acme')).read(value.request)).status).toBe('HIT');
  });
});

describe('a value that is asked for often', () => {
  it('is made anew before it expires, by one renewal at a time, so that nobody waits', async () => {
    const log = createFakeLog();
    const { cache, clock, seen } = createNode(log);
    const value = createValue(log);
    value.request = { ...value.request, stale: undefined };
    value.costMs = 200;
    await (await cache.begin('acme')).read(value.request);
    const statuses: string[] = [];
    for (const end = clock.ms + 300_000; clock.ms < end; clock.ms += 10) {
      statuses.push((await (await cache.begin('acme')).read(value.request)).status);
    }
    expect(new Set(statuses)).toEqual(new Set(['HIT']));
    expect(value.runs).toBeLessThanOrEqual(1 + 6);
    expect(seen.filter((event) => event.type === 'renewal' && event.eager).length).toBe(value.runs - 1);
  });

  it('is left to expire when hardly anybody asks for it, or when making it early would not help', async () => {
    for (const [costMs, stepMs] of [
      [200, 45_000],
      [0, 10],
    ] as const) {
      const log = createFakeLog();
      const { cache, clock, seen } = createNode(log);
      const value = createValue(log);
      value.request = { ...value.request, stale: undefined };
      value.costMs = costMs;
      for (const end = clock.ms + 150_000; clock.ms < end; clock.ms += stepMs) {
        await (await cache.begin('acme')).read(value.request);
      }
      expect(seen.filter(({ type }) => type === 'renewal')).toEqual([]);
    }
  });
});

it('an answer made from the time is not served to a clock that stands before it', async () => {
  const log = createFakeLog();
  const { cache, clock } = createNode(log);
  const request: ReadRequest = {
    key: 'k',
    operation: 'Q',
    compute: async () => ({
      body: Buffer.from(String(clock.ms)),
      meta: {},
      stamp: log.head('acme'),
      tags: [],
      ttlMs: 60_000,
      freshFromMs: clock.ms,
    }),
  };
  await (await cache.begin('acme')).read(request);
  expect((await (await cache.begin('acme')).read(request)).status).toBe('HIT');
  clock.ms -= 1;
  expect(await (await cache.begin('acme')).read(request)).toMatchObject({ status: 'MISS', reason: 'expired' });
});
