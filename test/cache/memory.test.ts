import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf, toEntry } from '../../src/cache/entry.ts';
import { createMemoryStore, type CacheEvent, type Entry } from '../../src/cache/index.ts';

const entryOf = (bytes: number, tags: readonly string[] = []): Entry =>
  toEntry({ body: new Uint8Array(bytes), meta: {}, stamp: 1, tags, ttlMs: 60_000 }, 'first', 1_000);

const tenant = fc.constantFrom('acme', 'globex', 'initech');
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), tenant, key, bytes: fc.nat(3_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('get' as const), tenant, key }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), tenant, key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clear' as const), tenant: fc.option(tenant, { nil: undefined }) }),
  },
);

describe('entries in memory', () => {
  it('are counted to the byte, never exceed their limit, and go one tenant at a time, longest unused first', () => {
    const maxBytes = 6_000;
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        /** What should be there: the newest use last. */
        const model = new Map<string, Map<string, Entry>>();
        const held = (name: string) =>
          [...(model.get(name) ?? [])].reduce((sum, [id, entry]) => sum + sizeOf(id, entry), 0);
        const store = createMemoryStore({
          maxBytes,
          emit(event) {
            if (event.type !== 'evict') return;
            const entries = model.get(event.tenant);
            const [oldest] = entries?.keys() ?? [];
            const holders = [...model.values()].filter((each) => each.size > 0).length;
            expect(held(event.tenant)).toBeGreaterThan(maxBytes / holders); // nobody within an equal share gives way
            entries?.delete(oldest ?? '');
          },
        });
        for (const step of commands) {
          const entries = step.tenant === undefined ? undefined : (model.get(step.tenant) ?? new Map<string, Entry>());
          if (step.tenant !== undefined && entries) model.set(step.tenant, entries);
          if (step.do === 'set') {
            const entry = entryOf(step.bytes);
            entries?.delete(step.key);
            entries?.set(step.key, entry);
            store.set(step.tenant, step.key, entry);
          } else if (step.do === 'get') {
            const expected = entries?.get(step.key);
            expect(store.get(step.tenant, step.key)).toBe(expected);
            if (expected) entries?.delete(step.key);
            if (expected) entries?.set(step.key, expected);
          } else if (step.do === 'delete') {
            entries?.delete(step.key);
            store.delete(step.tenant, step.key);
          } else {
            for (const name of step.tenant === undefined ? [...model.keys()] : [step.tenant]) model.delete(name);
            store.clear(step.tenant);
          }
          for (const name of ['acme', 'globex', 'initech']) expect(store.bytesOf(name)).toBe(held(name));
          expect(store.bytes).toBe([...model.keys()].reduce((sum, name) => sum + held(name), 0));
          expect(store.bytes).toBeLessThanOrEqual(maxBytes);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('of a tenant within its share outlast any flood of another', () => {
    const evicted: CacheEvent[] = [];
    const store = createMemoryStore({ maxBytes: 1_000_000, emit: (event) => evicted.push(event) });
    for (let index = 0; index < 100; index += 1) store.set('small', `k${index}`, entryOf(1_000));
    for (let index = 0; index < 20_000; index += 1) store.set('flood', `k${index}`, entryOf(1_000));
    store.set('flood', 'huge', entryOf(900_000));
    store.set('flood', 'too huge', entryOf(2_000_000));
    for (let index = 0; index < 100; index += 1) expect(store.get('small', `k${index}`)).toBeDefined();
    expect(evicted.every((event) => event.type === 'evict' && event.tenant === 'flood')).toBe(true);
    expect(store.get('flood', 'too huge')).toBeUndefined();
    expect(store.bytes).toBeLessThanOrEqual(1_000_000);
  });

  it('of ten thousand tenants at the limit are replaced without a search for each', () => {
    const store = createMemoryStore({ maxBytes: 20_000_000, emit: () => {} });
    const startedAt = performance.now();
    for (let index = 0; index < 100_000; index += 1) store.set(`tenant ${index % 10_000}`, `k${index}`, entryOf(1_500));
    expect(store.bytes).toBeLessThanOrEqual(20_000_000);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});
