import { describe, expect, it } from 'vitest';
import type { CacheReader, Computed, ReadRequest } from '../../src/cache/index.ts';
import { softly } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';
import { computing, createBlobs, createNode } from './node.ts';

const asked = { key: 'k', operation: 'Q' };

/** A node that holds the value `old`, which depends on tickets. */
async function holding(more: Partial<Computed> = {}, options: Parameters<typeof createNode>[1] = {}) {
  const log = createFakeLog();
  const node = createNode(log, options);
  const compute: ReadRequest['compute'] = async () => ({
    ...(await computing(log, () => 'old', ['L:ticket'])()),
    ...more,
  });
  await (await node.cache.begin('acme')).read({ ...asked, compute });
  node.seen.length = 0;
  const glance = async () => textOf((await node.cache.begin('acme')).glance(asked));
  return { ...node, log, compute, glance };
}

const textOf = (entry: ReturnType<CacheReader['glance']>) => entry && Buffer.from(entry.body).toString();

describe('a glance', () => {
  it('answers what holds, at once, and is told as a hit', async () => {
    const { glance, seen } = await holding();
    expect(await glance()).toBe('old');
    expect(seen.filter(({ type }) => type !== 'sync')).toEqual([expect.objectContaining({ type: 'hit', level: 'L1' })]);
  });

  it('answers nothing that has changed, and leaves it to a read to say why', async () => {
    const { glance, seen, log, cache, compute } = await holding();
    log.change('acme', 'L:ticket');
    expect(await glance()).toBeNull();
    expect(seen.filter(({ type }) => type !== 'sync')).toEqual([]);
    const read = await (await cache.begin('acme')).read({ ...asked, compute });
    expect(read).toMatchObject({ status: 'MISS', reason: 'changed', changedTag: 'L:ticket' });
  });

  it('answers nothing that was purged softly', async () => {
    const { glance, log } = await holding();
    log.change('acme', softly('L:ticket'));
    expect(await glance()).toBeNull();
  });

  it('answers nothing to another tenant', async () => {
    const { cache } = await holding();
    expect((await cache.begin('globex')).glance(asked)).toBeNull();
  });

  it('answers nothing that has expired, nor what holds only later', async () => {
    const { glance, clock } = await holding({ freshFromMs: 2_000 });
    expect(await glance()).toBeNull();
    clock.ms = 2_000;
    expect(await glance()).toBe('old');
    clock.ms = 1_000 + 60_000;
    expect(await glance()).toBeNull();
  });

  it('leaves what may be due for eager renewal to a read', async () => {
    const { glance, clock } = await holding({ costMs: 100 });
    clock.ms = 1_000 + 60_000 - 2_200;
    expect(await glance()).toBe('old');
    clock.ms = 1_000 + 60_000 - 2_000;
    expect(await glance()).toBeNull();
  });

  it('answers nothing newer than what is known here', async () => {
    const store = createBlobs();
    const { log, cache, clock, memory, tags } = await holding(
      {},
      { store, coherence: { mode: 'bounded', maxStalenessMs: 60_000 } },
    );
    const ahead = memory.get('acme', 'k')!;
    log.change('acme', 'L:site');
    memory.set('acme', 'k', { ...ahead, stamp: log.head('acme') });
    clock.ms += 1;
    expect(tags.applied('acme')).toBeLessThan(log.head('acme'));
    expect((await cache.begin('acme')).glance(asked)).toBeNull();
  });

  it('answers nothing while the log cannot be read', async () => {
    const { glance, log } = await holding();
    log.failing = true;
    expect(await glance()).toBeNull();
  });
});
