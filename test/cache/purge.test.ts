import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf, toEntry } from '../../src/cache/entry.ts';
import {
  changeTags,
  createMemoryLog,
  createMemoryStore,
  createPurge,
  TagMap,
  type AppendableChangeLog,
  type CacheReader,
  type Entry,
  type PurgeRequest,
} from '../../src/cache/index.ts';
import { createBlobs, createNode } from './node.ts';

const stale = { whileRevalidateMs: 60_000 };

/** Two nodes over one log and one second level, and what is computed, counted. */
function createPair() {
  const log = createMemoryLog();
  const store = createBlobs();
  const made = new Map<string, number>();
  const compute = (key: string, tags: readonly string[]) => async () => {
    const head = (await log.pull(new Map([['acme', 0]]))).tenants.get('acme')?.head ?? 0;
    made.set(key, (made.get(key) ?? 0) + 1);
    return {
      body: Buffer.from(`${key} ${made.get(key)}`),
      meta: {},
      stamp: head,
      tags,
      ttlMs: 60_000,
      staleForMs: 60_000,
    };
  };
  const [one, other] = [createNode(log, { store }), createNode(log, { store })];
  const read = async ({ cache }: typeof one, key: string, tags: readonly string[], policy?: typeof stale) => {
    const reader: CacheReader = await cache.begin('acme');
    return reader.read({ key, operation: key, stale: policy, compute: compute(key, tags) });
  };
  return { log, one, other, read };
}

const todo = ['L:Todo', 'A:Todo'];
const weather = ['T:weather'];

describe('a purge', () => {
  it('is seen by the very next read on every node, and leaves the rest alone', async () => {
    const { log, one, other, read } = createPair();
    for (const node of [one, other]) {
      await read(node, 'todos', todo);
      await read(node, 'weather', weather);
    }
    const purged = await createPurge({ log })({ tenant: 'acme', tags: weather });
    expect(purged).toEqual({ tags: weather, soft: false, dryRun: false, seq: 1, here: null });
    expect(await read(other, 'weather', weather)).toMatchObject({ status: 'MISS', reason: 'purged' });
    expect(await read(other, 'todos', todo)).toMatchObject({ status: 'HIT', level: 'L1' });
    expect(await read(one, 'weather', weather)).toMatchObject({ status: 'HIT', level: 'L2' });
  });

  it('of everything is one change, whatever is cached, and reaches nobody else', async () => {
    const { log, one, read } = createPair();
    await read(one, 'todos', todo);
    await read(one, 'static', []);
    const { tags } = await createPurge({ log })({ tenant: 'acme', everything: true });
    expect(tags).toEqual(['*']);
    for (const key of ['todos', 'static']) {
      expect(await read(one, key, [])).toMatchObject({ status: 'MISS', reason: 'floor' });
    }
    await createPurge({ log })({ tenant: 'globex', everything: true });
    expect((await read(one, 'static', [])).status).toBe('HIT');
  });

  it('that is soft is a miss, and something stale only where the read allows it', async () => {
    const { log, one, other, read } = createPair();
    for (const node of [one, other]) await read(node, 'todos', todo, stale);
    await createPurge({ log })({ tenant: 'acme', tags: ['A:Todo'], soft: true });
    expect(await read(one, 'todos', todo, stale)).toMatchObject({ status: 'STALE', reason: 'soft-purge' });
    expect(await read(other, 'todos', todo)).toMatchObject({ status: 'MISS', reason: 'soft-purge' });
    expect(await read(other, 'todos', todo)).toMatchObject({ status: 'HIT' });
  });

  it('takes the entities of the drop-in as they are named there', async () => {
    const { log, one, read } = createPair();
    await read(one, 'todo 7', ['E:Todo:7', 'A:Todo']);
    await read(one, 'todo 8', ['E:Todo:8', 'A:Todo']);
    await createPurge({ log })({ tenant: 'acme', tags: changeTags([{ typename: 'Todo', id: 7 }]) });
    expect((await read(one, 'todo 7', todo)).status).toBe('MISS');
    expect((await read(one, 'todo 8', todo)).status).toBe('HIT');
  });

  it('rejects where the log cannot be written: it has not happened', async () => {
    const log: Pick<AppendableChangeLog, 'append'> = { append: () => Promise.reject(new Error('The log is away.')) };
    await expect(createPurge({ log })({ tenant: 'acme', everything: true })).rejects.toThrow('The log is away.');
  });

  const wrong: [request: object, message: RegExp][] = [
    [{ tenant: 'acme' }, /either tags, or everything: true/],
    [{ tenant: 'acme', tags: [] }, /either tags, or everything: true/],
    [{ tenant: 'acme', tags: ['L:Todo'], everything: true }, /either tags, or everything: true/],
    [{ tenant: '', everything: true }, /^tenant: say whose/],
    [{ everything: true }, /^tenant: say whose/],
    [{ tenant: 'acme', tags: 'L:Todo' }, /^tags: send a list/],
    [{ tenant: 'acme', tags: ['L:Todo', ''] }, /^tags: each is a string/],
    [{ tenant: 'acme', tags: [7] }, /^tags: each is a string/],
    [{ tenant: 'acme', tags: ['~L:Todo'] }, /say soft: true, not "~"/],
    [{ tenant: 'acme', tags: Array.from({ length: 501 }, (_, id) => `E:Todo:${id}`) }, /^tags: send at most 500/],
  ];
  it.each(wrong)('of %j is refused, and logs nothing', async (request, message) => {
    const log = createMemoryLog();
    await expect(createPurge({ log })(request as PurgeRequest)).rejects.toThrow(message);
    expect((await log.pull(new Map([['acme', 0]]))).tenants.get('acme')?.head).toBe(0);
  });
});

describe('a dry run', () => {
  it('changes nothing, and counts what this node holds and could still serve', async () => {
    const { log, one, read } = createPair();
    const here = { memory: one.memory, tags: one.tags, nowMs: () => one.clock.ms };
    const purge = createPurge({ log, here });
    await read(one, 'todos', todo, stale);
    await read(one, 'weather', weather);
    const bytes = one.memory.bytesOf('acme');
    expect((await purge({ tenant: 'acme', everything: true, dryRun: true })).here).toEqual({ entries: 2, bytes });
    const dry = await purge({ tenant: 'acme', tags: todo, dryRun: true });
    expect(dry).toMatchObject({ seq: null, here: { entries: 1 } });
    expect((await read(one, 'todos', todo)).status).toBe('HIT');

    expect((await purge({ tenant: 'acme', tags: todo, soft: true })).here).toMatchObject({ entries: 1 });
    await read(one, 'weather', weather); // hears of it
    expect((await purge({ tenant: 'acme', tags: todo, soft: true, dryRun: true })).here).toMatchObject({ entries: 0 });
    expect((await purge({ tenant: 'acme', tags: todo })).here).toMatchObject({ entries: 1 });
    await read(one, 'weather', weather);
    expect((await purge({ tenant: 'acme', tags: todo })).here).toEqual({ entries: 0, bytes: 0 });
    one.clock.ms += 120_000;
    expect((await purge({ tenant: 'acme', everything: true, dryRun: true })).here).toMatchObject({ entries: 0 });
  });
});

describe('the entries of a tenant', () => {
  const entry: Entry = toEntry({ body: new Uint8Array(10), meta: {}, stamp: 1, tags: [], ttlMs: 1_000 }, 'first', 0);

  it('are all there once, whatever is read, stored or deleted while they are looked at, and looking keeps none', () => {
    const change = fc.record({ do: fc.constantFrom('get', 'set', 'delete'), key: fc.integer({ min: 0, max: 12 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const store = createMemoryStore({ emit: () => {} });
        for (let key = 0; key < 8; key += 1) store.set('acme', String(key), entry);
        store.set('globex', 'theirs', entry);
        const deleted = new Set<string>();
        const seen: string[] = [];
        const left = [...changes];
        for (const [key] of store.entriesOf('acme')) {
          seen.push(key);
          const next = left.pop();
          if (!next) continue;
          const name = String(next.key);
          if (next.do === 'get') store.get('acme', name);
          else if (next.do === 'set') store.set('acme', name, entry);
          else {
            store.delete('acme', name);
            deleted.add(name);
          }
        }
        expect(new Set(seen).size).toBe(seen.length);
        for (let key = 0; key < 8; key += 1) {
          if (!deleted.has(String(key))) expect(seen).toContain(String(key));
        }
        expect(seen.every((key) => Number(key) < 8)).toBe(true);
      }),
    );
    const size = sizeOf('0', entry);
    const small = createMemoryStore({ maxBytes: 2 * size, emit: () => {} });
    for (const key of ['0', '1']) small.set('acme', key, entry);
    expect([...small.entriesOf('acme')].map(([key]) => key)).toEqual(['0', '1']);
    small.set('acme', '2', entry);
    expect(small.get('acme', '0')).toBeUndefined(); // still the one that was unused for longest
    expect([...small.entriesOf('nobody')]).toEqual([]);
  });

  it('are counted a few at a time: the event loop goes on turning', async () => {
    const [store, tags] = [createMemoryStore({ emit: () => {} }), new TagMap()];
    for (let key = 0; key < 5_000; key += 1) store.set('acme', String(key), entry);
    const log = createMemoryLog();
    let turns = 0;
    let isCounting = true;
    const turn = () => {
      turns += 1;
      if (isCounting) setImmediate(turn);
    };
    setImmediate(turn);
    const here = { memory: store, tags, nowMs: () => 0 };
    await createPurge({ log, here })({ tenant: 'acme', everything: true, dryRun: true });
    isCounting = false;
    expect(turns).toBeGreaterThanOrEqual(9);
  });
});
