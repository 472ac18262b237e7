import { expect, it } from 'vitest';
import { createPurge, type StalePolicy } from '../../src/cache/index.ts';
import { createMemoryLog } from '../../src/cache/coherence/memory-log.ts';
import { createFakeLog } from './fakes.ts';
import { createBlobs, createNode, textOf } from './node.ts';

const stale: StalePolicy = { whileRevalidateMs: 10_000, ifErrorMs: 60_000, whenChanged: 'always' };

it.each(['revalidating', 'error'] as const)('what was purged by a tag is never served: %s', async (because) => {
  const log = createMemoryLog();
  const { cache } = createNode(log);
  let isFailing = false;
  const read = async () =>
    (await cache.begin('acme')).read({
      key: 'k',
      operation: 'Q',
      stale: because === 'error' ? { ...stale, whenChanged: 'on-error' } : stale,
      async compute() {
        if (isFailing) throw new Error('away');
        return { body: Buffer.from('leaked'), meta: {}, stamp: 0, tags: ['L:ticket'], ttlMs: 60_000 };
      },
    });
  await cache.begin('acme');
  await read();
  await createPurge({ log })({ tenant: 'acme', tags: ['L:ticket'] });
  isFailing = because === 'error';
  const result = await read().catch(() => null);
  expect(result?.status).not.toBe('STALE');
});

it('what has changed is served for so long and no longer, also where only the second level has it', async () => {
  const log = createFakeLog();
  const store = createBlobs();
  const { cache, clock, memory } = createNode(log, { store });
  let isFailing = false;
  const read = async () =>
    (await cache.begin('acme')).read({
      key: 'k',
      operation: 'Q',
      stale,
      async compute() {
        if (isFailing) throw new Error('away');
        const stamp = log.head('acme');
        return { body: Buffer.from('old'), meta: {}, stamp, tags: ['L:ticket'], ttlMs: 600_000, staleForMs: 60_000 };
      },
    });
  await read();
  await expect.poll(() => store.blobs.size).toBe(1);
  log.change('acme', 'L:ticket');
  isFailing = true;
  for (let at = 0; at < 70_000; at += 5_000) {
    memory.clear();
    const result = await read().catch(() => null);
    if (at >= 60_000) expect(result && textOf(result)).toBeNull();
    clock.ms += 5_000;
  }
});
