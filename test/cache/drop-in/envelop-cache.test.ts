import { AsyncResource } from 'node:async_hooks';
import type { Cache } from '@envelop/response-cache';
import { describe, expect, it } from 'vitest';
import {
  createCoherentCache,
  createMemoryLog,
  type BlobStore,
  type CacheEvent,
  type CoherentResponseCache,
} from '../../../src/cache/index.ts';
import { keysNamed } from '../codec-samples.ts';
import { createBlobs, createGate } from '../node.ts';

const todo = (done: boolean) => ({ data: { todo: { id: '1', done } } });
const entities = [{ typename: 'Todo', id: '1' }];

describe('the coherent cache, as an envelop Cache by itself', () => {
  it('gives back what was stored after it was looked for, until one of its entities is invalidated', async () => {
    const cache: Cache = createCoherentCache();
    expect(await cache.get('k')).toBeNull();
    await cache.set('k', todo(false), entities, 60_000);
    expect(await cache.get('k')).toEqual(todo(false));
    await cache.invalidate([{ typename: 'Todo', id: '2' }]);
    expect(await cache.get('k')).toBeNull(); // by type: it might be a list
    await cache.set('k', todo(true), entities, 60_000);
    expect(await cache.get('k')).toEqual(todo(true));
    await cache.invalidate([{ typename: 'User', id: '1' }]);
    expect(await cache.get('k')).toEqual(todo(true));
    await cache.invalidate(entities);
    expect(await cache.get('k')).toBeNull();
  });

  it('stores nothing that was not looked for: nobody knows how old it is', async () => {
    const cache = createCoherentCache();
    await cache.set('k', todo(false), entities, 60_000);
    expect(await cache.get('k')).toBeNull();
    await cache.set('k', todo(false), entities, 60_000);
    await cache.set('other', todo(false), entities, 60_000);
    expect(await cache.get('k')).toEqual(todo(false));
    expect(await cache.get('other')).toBeNull();
  });

  /** Somebody of another request, who looks the answer up, computes for as long as it is held, and stores it. */
  const reader = (cache: Cache, done: boolean) => {
    const [isLookedUp, mayStore] = [createGate(), createGate()];
    const finished = apart(async () => {
      await cache.get('k');
      isLookedUp.open();
      await mayStore.opened;
      await cache.set('k', todo(done), entities, 60_000);
    });
    return { finished, isLookedUp: isLookedUp.opened, store: mayStore.open };
  };

  const views: [string, (cache: CoherentResponseCache<object>) => Cache][] = [
    ['by the caller’s asynchronous context', (cache) => cache],
    ['by the context of each request', (cache) => cache({})],
  ];
  it.each(views)('tells readers of the same answer apart, %s', async (_how, ofRequest) => {
    const cache = createCoherentCache<object>();
    const held = () => apart(async () => cache.get('k'));
    const early = reader(ofRequest(cache), false);
    await early.isLookedUp;
    await cache.invalidate(entities);
    const late = reader(ofRequest(cache), true);
    await late.isLookedUp;
    late.store();
    await late.finished;
    expect(await held()).toEqual(todo(true));
    await cache.invalidate(entities);
    const third = reader(ofRequest(cache), true);
    await third.isLookedUp;
    early.store(); // nobody may take it for the third's
    await early.finished;
    expect(await held()).toBeNull();
    third.store();
    await third.finished;
    expect(await held()).toEqual(todo(true));
  });

  it('remembers a bounded number of look-ups whose answers never come', async () => {
    const cache = createCoherentCache();
    for (let index = 0; index < 1_500; index += 1) await cache.get(`never ${index}`);
    await cache.set('never 0', todo(true), entities, 60_000);
    await cache.set('never 1499', todo(true), entities, 60_000);
    expect(await cache.get('never 0')).toBeNull(); // forgotten, so not stored
    expect(await cache.get('never 1499')).toEqual(todo(true));
  });

  it('keeps nothing for ever, whatever the plugin says', async () => {
    const ttls: number[] = [];
    const store: BlobStore = { get: () => null, set: (_id, _data, _entities, ttl) => void ttls.push(ttl) };
    const cache = createCoherentCache({ store });
    await cache.get('k');
    await cache.set('k', todo(true), entities, Infinity);
    await cache.get('l');
    await cache.set('l', todo(true), entities, 5_000);
    await expect.poll(() => ttls).toHaveLength(2);
    expect(ttls[0]).toBeLessThanOrEqual(24 * 3_600_000);
    expect(ttls[1]).toBeLessThanOrEqual(5_000);
  });

  it('encrypts what it keeps in a store, for all who have the key', async () => {
    const store = createBlobs();
    const log = createMemoryLog();
    const encryptionKeys = keysNamed('2026a');
    const [one, two] = [
      createCoherentCache({ log, store, encryptionKeys }),
      createCoherentCache({ log, store, encryptionKeys }),
    ];
    await one.get('a readable id');
    await one.set('a readable id', todo(true), entities, 60_000);
    await expect.poll(() => store.blobs.size).toBe(1);
    const [[id = '', blob = ''] = []] = store.blobs;
    const held = `${id}\n${Buffer.from(JSON.parse(blob).data.b, 'base64').toString('latin1')}`;
    for (const word of ['readable', 'Todo', 'todo', 'default']) expect(held).not.toContain(word);
    expect(await two.get('a readable id')).toEqual(todo(true));
    const without = createCoherentCache({ log, store });
    expect(await without.get('a readable id')).toBeNull();
  });

  it('fails nobody: not for a result it cannot write, a store that throws, or a log that is away', async () => {
    const events: CacheEvent[] = [];
    const throwing = () => {
      throw new Error('broken');
    };
    const log = createMemoryLog();
    const cache = createCoherentCache({
      log,
      store: { get: throwing, set: throwing },
      emit: (event) => events.push(event),
    });
    expect(await cache.get('k')).toBeNull();
    await cache.set('k', { data: { big: 1n } }, entities, 60_000);
    expect(events).toContainEqual(expect.objectContaining({ type: 'error', where: 'set' }));
    log.append = () => Promise.reject(new Error('away'));
    await cache.invalidate(entities);
    await cache.settled();
    expect(await cache.get('k')).toBeNull();
  });

  it('costs what an answer’s size costs, however deep: the plugin’s own cleaning doubles with each level', async () => {
    const nested = (depth: number) => {
      let value: unknown = { id: '1' };
      for (let level = 0; level < depth; level += 1) value = [value];
      return { data: { nested: value } };
    };
    const cache = createCoherentCache();
    const costOf = async (depth: number) => {
      const startedAt = performance.now();
      await cache.get(`deep ${depth}`);
      await cache.set(`deep ${depth}`, nested(depth), entities, 60_000);
      return performance.now() - startedAt;
    };
    await costOf(14); // compiled
    expect(await costOf(1_000)).toBeLessThan(100);
    expect(await cache.get('deep 1000')).toEqual(nested(1_000));
  });
});

/** As a request of its own. */
function apart<Result>(work: () => Promise<Result>): Promise<Result> {
  return new AsyncResource('request').runInAsyncScope(work);
}
