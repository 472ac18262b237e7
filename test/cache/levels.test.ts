import { describe, expect, it } from 'vitest';
import type { BlobStore } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';
import { computing, createBlobs, createGate, createNode, textOf } from './node.ts';

describe('the second level', () => {
  it('never answers one tenant with what another stored under the same key', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const [one, two] = [createNode(log, { store }), createNode(log, { store })];
    const request = (text: string) => ({ key: 'k', operation: 'Q', compute: computing(log, () => text, []) });
    await (await one.cache.begin('acme')).read(request('of acme'));
    expect(textOf(await (await two.cache.begin('globex')).read(request('of globex')))).toBe('of globex');
    expect(textOf(await (await two.cache.begin('acme')).read(request('computed again')))).toBe('of acme');
  });

  it('is asked once for a thousand readers at once, and so is the database', async () => {
    const log = createFakeLog();
    const gate = createGate();
    let [gets, runs] = [0, 0];
    const store: BlobStore = {
      async get() {
        gets += 1;
        // Answers come back at different times, some of them after a computation is over.
        if (gets % 2 === 0) await gate.opened;
        return null;
      },
      set: async () => {},
    };
    const { cache } = createNode(log, { store });
    const compute = async () => {
      runs += 1;
      return computing(log, () => 'x', [])();
    };
    const readers = Array.from({ length: 1000 }, async () =>
      (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute }),
    );
    await readers[0];
    gate.open();
    await Promise.all(readers);
    expect({ gets, runs }).toEqual({ gets: 1, runs: 1 });
  });

  it('gives back bytes that are not text', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const body = Buffer.from([0x1f, 0x8b, 0xff, 0x00, 0xc3, 0x28]);
    const compute = async () => ({ body, meta: {}, stamp: 0, tags: [], ttlMs: 60_000 });
    await (await createNode(log, { store }).cache.begin('acme')).read({ key: 'k', operation: 'Q', compute });
    const found = await (
      await createNode(log, { store }).cache.begin('acme')
    ).read({ key: 'k', operation: 'Q', compute });
    expect(found).toMatchObject({ status: 'HIT', level: 'L2' });
    expect(Buffer.from(found.entry.body)).toEqual(body);
  });

  it('is not believed when a blob was damaged: an older stamp or a missing tag would make it stale', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'old', ['L:ticket']) };
    await (await createNode(log, { store }).cache.begin('acme')).read(request);
    const { cache } = createNode(log, { store });
    await cache.begin('acme');
    log.change('acme', 'L:ticket');
    for (const [id, blob] of store.blobs) store.blobs.set(id, damaged(blob, 'L:ticket', 'L:tickex'));
    const after = await (await cache.begin('acme')).read({ ...request, compute: computing(log, () => 'new', []) });
    expect(textOf(after)).toBe('new');
  });

  it('may hand back anything: what cannot even be looked at is no answer', async () => {
    const log = createFakeLog();
    const trap = new Proxy(
      {},
      { get: (_, name) => name !== 'then' && fail(), ownKeys: fail, getOwnPropertyDescriptor: fail },
    );
    const { cache } = createNode(log, { store: { get: () => trap, set: () => {} } });
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', []) };
    expect(textOf(await (await cache.begin('acme')).read(request))).toBe('x');
  });
});

describe('an entry newer than what a reader knows', () => {
  it('is served after the log was read once more, rather than made again', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const [one, two] = [createNode(log, { store }), createNode(log, { store })];
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', ['L:ticket']) };
    await one.cache.begin('acme');
    await two.cache.begin('acme');
    const early = await two.cache.begin('acme');
    log.change('acme', 'L:asset');
    await (await one.cache.begin('acme')).read(request);
    expect(await early.read(request)).toMatchObject({ status: 'HIT', level: 'L2' });
    expect(log.epoch).toBe('first');
  });
});

function fail(): never {
  throw new Error('trapped');
}

/** What lies in the store, with some of it replaced by something of the same length. */
function damaged(blob: string, text: string, by: string): string {
  const { data } = JSON.parse(blob);
  const bytes = Buffer.from(data.b, 'base64');
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.write(by, at);
  return JSON.stringify({ data: { b: bytes.toString('base64') } });
}
