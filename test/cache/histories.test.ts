import { describe, expect, it } from 'vitest';
import type { Computed } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';
import { computing, createGate, createNode, textOf } from './node.ts';

describe('a database that goes back in time', () => {
  it('is noticed by a log that ends before what is known: its new changes carry numbers that were used before', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    let text = 'before';
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => text, ['L:ticket']) };
    log.change('acme', 'L:ticket');
    log.change('acme', 'L:asset');
    log.change('acme', 'L:asset');
    await (await cache.begin('acme')).read(request);
    log.goBackTo('acme', 1);
    text = 'put back, and changed';
    log.change('acme', 'L:ticket');
    expect(textOf(await (await cache.begin('acme')).read(request))).toBe('put back, and changed');
    expect(log.epoch).toBe("first'");
  });

  it('is answered past the cache while its history cannot be named anew', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    log.change('acme', 'L:ticket');
    await cache.begin('acme');
    log.goBackTo('acme', 0);
    log.renewEpoch = async () => {};
    const request = { key: 'k', operation: 'Q', compute: computing(log, () => 'x', []) };
    expect((await (await cache.begin('acme')).read(request)).status).toBe('BYPASS');
  });

  it('has none of its readers join a computation of the history before', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const [hasRead, gate] = [createGate(), createGate()];
    log.change('acme', 'L:ticket');
    log.change('acme', 'L:ticket');
    const slow = (await cache.begin('acme')).read({
      key: 'k',
      operation: 'Q',
      compute: async () => {
        const computed = await computing(log, () => 'of the old history', ['L:ticket'])();
        hasRead.open();
        await gate.opened;
        return computed;
      },
    });
    await hasRead.opened;
    log.goBackTo('acme', 1);
    log.epoch = 'second';
    log.change('acme', 'L:ticket');
    const compute = computing(log, () => 'of the new history', ['L:ticket']);
    const reading = (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute });
    gate.open();
    expect(textOf(await reading)).toBe('of the new history');
    expect(textOf(await slow)).toBe('of the old history');
  });
});

describe('a history that gets another name', () => {
  /** A replica that never catches up. */
  const lagging = (primarySeq: number) => {
    const where: boolean[] = [];
    const compute = async ({ primary }: { primary: boolean }): Promise<Computed> => {
      where.push(primary);
      return { body: Buffer.from(''), meta: {}, stamp: primary ? primarySeq : 0, tags: [], ttlMs: 1 };
    };
    return { where, compute };
  };

  it('leaves a node nothing to be sure of, within the bound of a tenant it had read before', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log, { coherence: { mode: 'bounded', maxStalenessMs: 100 } });
    const seq = log.change('acme', 'L:ticket');
    await cache.begin('acme');
    log.epoch = 'second';
    await cache.begin('globex'); // its first: reads the log, learns the new name, forgets all it knew
    const { where, compute } = lagging(seq);
    await (await cache.begin('acme')).read({ key: 'k', operation: 'Q', compute });
    expect(where).toEqual([false, true]);
  });

  it('has a read that began before it answered past the cache, from the primary', async () => {
    const log = createFakeLog();
    const { cache } = createNode(log);
    const seq = log.change('acme', 'L:ticket');
    const reader = await cache.begin('acme');
    log.epoch = 'second';
    await cache.begin('globex');
    const { where, compute } = lagging(seq);
    expect((await reader.read({ key: 'k', operation: 'Q', compute })).status).toBe('BYPASS');
    expect(where).toEqual([true]);
  });
});
