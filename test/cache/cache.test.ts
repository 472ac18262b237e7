import { describe, expect, it } from 'vitest';
import type { BlobStore, Coherence } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';
import { computing, createBlobs, createNode, textOf } from './node.ts';

describe('a cache checked against the change log', () => {
  it('serves what it holds until something the answer depends on changes', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    let text = 'old';
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => text, ['L:ticket']) };
    expect(await (await cache.begin('acme')).read(request)).toMatchObject({ status: 'MISS', reason: 'absent' });
    expect(await (await cache.begin('acme')).read(request)).toMatchObject({ status: 'HIT', level: 'L1' });
    log.change('acme', 'L:asset');
    expect((await (await cache.begin('acme')).read(request)).status).toBe('HIT');
    text = 'new';
    log.change('acme', 'L:ticket');
    const after = await (await cache.begin('acme')).read(request);
    expect(after).toMatchObject({ status: 'MISS', reason: 'changed', changedTag: 'L:ticket' });
    expect(textOf(after)).toBe('new');
  });

  it('refuses the result of a slow reader that stored it after the change', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    let hasRead = () => {};
    const read = new Promise<void>((resolve) => (hasRead = resolve));
    const slow = (await cache.begin('acme')).read({
      key: 'k',
      operation: 'Q',
      compute: async () => {
        const computed = await computing(log, () => 'old', ['L:ticket'])();
        hasRead();
        await gate;
        return computed;
      },
    });
    await read;
    log.change('acme', 'L:ticket');
    const second = await cache.begin('acme');
    release();
    expect(textOf(await slow)).toBe('old'); // it began before the change
    const compute = computing(log, () => 'new', ['L:ticket']);
    expect(textOf(await second.read({ key: 'k', operation: 'Q', compute }))).toBe('new');
    expect(textOf(await (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute }))).toBe('new');
  });

  it('lets a reader join only a computation that began with what the reader is entitled to', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    await cache.begin('acme');
    let runs = 0;
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const request = {
      key: 'k',
      operation: 'Q',
      compute: async () => {
        runs += 1;
        const computed = await computing(log, () => `run ${runs}`, ['L:ticket'])();
        await gate;
        return computed;
      },
    };
    const first = (await cache.begin('acme')).read(request);
    const joining = (await cache.begin('acme')).read(request);
    log.change('acme', 'L:asset');
    const entitledToMore = (await cache.begin('acme')).read(request);
    await Promise.resolve();
    release();
    expect([textOf(await first), textOf(await joining), textOf(await entitledToMore)]).toEqual([
      'run 1',
      'run 1',
      'run 2',
    ]);
  });

  it('computes once for a thousand readers at once, and reads the log a few times for all of them', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    let runs = 0;
    const request = {
      key: 'k',
      operation: 'Q',
      compute: async () => {
        runs += 1;
        return computing(log, () => 'x', [])();
      },
    };
    await Promise.all(Array.from({ length: 1000 }, async () => (await cache.begin('acme')).read(request)));
    expect(runs).toBe(1);
    expect(log.pulls).toBeLessThanOrEqual(2);
  });

  it('releases every waiting reader with the error of a failed computation, and tries again for the next', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const failing = { key: 'k', operation: 'Q', compute: () => Promise.reject(new Error('broken')) };
    const readers = Array.from({ length: 10 }, async () => (await cache.begin('acme')).read(failing));
    for (const outcome of await Promise.allSettled(readers)) expect(outcome.status).toBe('rejected');
    const compute = computing(log, () => 'well', []);
    expect(textOf(await (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute }))).toBe('well');
  });

  it('shares entries between nodes through the second level, and each node checks them for itself', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const [one, two] = [createNode(log, { store }), createNode(log, { store })];
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'shared', ['L:ticket']) };
    await two.cache.begin('acme');
    await (await one.cache.begin('acme')).read(request);
    expect(await (await two.cache.begin('acme')).read(request)).toMatchObject({ status: 'HIT', level: 'L2' });
    expect(await (await two.cache.begin('acme')).read(request)).toMatchObject({ status: 'HIT', level: 'L1' });
    const backup = new Map(store.blobs);
    log.change('acme', 'L:ticket');
    expect((await (await two.cache.begin('acme')).read(request)).status).toBe('MISS');
    for (const [key, blob] of backup) store.blobs.set(key, blob); // the second level comes back as it was before
    const third = createNode(log, { store });
    await third.cache.begin('acme');
    expect((await (await third.cache.begin('acme')).read(request)).status).toBe('MISS');
  });

  it('goes on without a second level that fails or hangs', async () => {
    const log = createFakeLog();
    const broken: BlobStore = { get: () => new Promise(() => {}), set: () => Promise.reject(new Error('gone')) };
    const { cache, seen } = createNode(log, { store: broken });
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', []) };
    expect((await (await cache.begin('acme')).read(request)).status).toBe('MISS');
    expect((await (await cache.begin('acme')).read(request)).status).toBe('HIT');
    expect(seen.some((event) => event.type === 'remote' && event.failed)).toBe(true);
  });

  it('computes without keeping anything while the log cannot be read', async () => {
    const log = createFakeLog();
    const { cache, memory } = createNode(log);
    log.failing = true;
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', []) };
    expect(await (await cache.begin('acme')).read(request)).toMatchObject({ status: 'BYPASS', reason: 'unreachable' });
    expect(memory.bytes).toBe(0);
    log.failing = false;
    expect((await (await cache.begin('acme')).read(request)).status).toBe('MISS');
  });

  it('refuses all it holds when the log was trimmed past what it knows, or the history has another name', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', ['L:ticket']) };
    await (await cache.begin('acme')).read(request);
    log.change('acme', 'L:ticket');
    log.change('acme', 'L:asset');
    log.trim('acme');
    expect((await (await cache.begin('acme')).read(request)).reason).toBe('floor');
    expect((await (await cache.begin('acme')).read(request)).status).toBe('HIT');
    log.epoch = 'second';
    expect((await (await cache.begin('acme')).read(request)).reason).toBe('epoch');
  });

  it('runs a computation again on the primary when a replica was behind', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    log.change('acme', 'L:ticket');
    const where: boolean[] = [];
    const result = await (
      await cache.begin('acme')
    ).read({
      key: 'k',
      operation: 'Q',
      compute: async ({ primary }) => {
        where.push(primary);
        return { body: Buffer.from(String(primary)), meta: {}, stamp: primary ? 1 : 0, tags: ['L:ticket'], ttlMs: 1 };
      },
    });
    expect(where).toEqual([false, true]);
    expect(textOf(result)).toBe('true');
  });

  describe('in bounded mode', () => {
    const bounded: Coherence = { mode: 'bounded', maxStalenessMs: 100 };

    it('reads the log only when its knowledge is older than the bound', async () => {
      const log = createFakeLog();
      const { cache, clock } = createNode(log, { coherence: bounded });
      const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', ['L:ticket']) };
      await (await cache.begin('acme')).read(request);
      log.change('acme', 'L:ticket');
      expect((await (await cache.begin('acme')).read(request)).status).toBe('HIT');
      clock.ms += 101;
      expect((await (await cache.begin('acme')).read(request)).status).toBe('MISS');
      expect(log.pulls).toBe(2);
    });

    it('still shows a client its own change, by the token of that change', async () => {
      const log = createFakeLog();
      const { cache } = createNode(log, { coherence: bounded });
      const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', ['L:ticket']) };
      await (await cache.begin('acme')).read(request);
      const token = log.change('acme', 'L:ticket');
      expect((await (await cache.begin('acme', token)).read(request)).status).toBe('MISS');
    });
  });

  it('names the history anew when an entry is from beyond the head of the log', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const { cache } = createNode(log, { store });
    const future = async () => ({ body: Buffer.from('lost'), meta: {}, stamp: 99, tags: [], ttlMs: 60_000 });
    await (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute: future });
    const compute = computing(log, () => 'real', []);
    const second = await (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute });
    expect(textOf(second)).toBe('real');
    expect(log.epoch).toBe("first'");
  });
});
