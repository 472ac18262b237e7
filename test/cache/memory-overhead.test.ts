import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { toEntry } from '../../src/cache/entry.ts';
import { createMemoryStore } from '../../src/cache/index.ts';

// In a file, so in a process, of its own: nobody else's garbage is counted.
describe('entries in memory', () => {
  it('take at most 400 bytes each beyond their own, and what a string costs for each tag', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      for (let pass = 0; pass < 3; pass += 1) collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const fill = (tagsEach: number) => {
      const count = 25_000;
      const store = createMemoryStore({ maxBytes: 1e10, emit: () => {} });
      let own = 0;
      const before = used();
      for (let index = 0; index < count; index += 1) {
        const tags = Array.from(
          { length: tagsEach },
          (_, at) => `E:ticket:${Buffer.from(`${index} ${at}`).toString('hex')}`,
        );
        // Small buffers are cut from a slab: the entry may not keep the slab.
        const body = Buffer.from('x'.repeat(500) + String(index));
        const id = Buffer.from(String(index).padStart(32)).toString('base64url');
        own += body.byteLength + id.length + tags.reduce((sum, tag) => sum + tag.length, 0);
        const expiry = 60_000 + index / 7;
        store.set('acme', id, toEntry({ body, meta: {}, stamp: index, tags, ttlMs: expiry }, 'first', 1e12 + index));
      }
      const taken = used() - before;
      // The store is given back, so that it lives until the next one has been weighed as well.
      return { overhead: (taken - own) / count, honesty: store.bytes / taken, store };
    };
    const [bare, tagged] = [fill(0), fill(20)];
    expect(bare.overhead).toBeLessThanOrEqual(400);
    expect((tagged.overhead - bare.overhead) / 20).toBeLessThanOrEqual(56);
    for (const { honesty } of [bare, tagged]) {
      expect(honesty).toBeGreaterThan(0.85);
      expect(honesty).toBeLessThan(1.2);
    }
  });
});
