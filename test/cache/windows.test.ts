import { describe, expect, it } from 'vitest';
import type { Computed, ReadRequest } from '../../src/cache/index.ts';
import { createFakeLog, type FakeLog } from './fakes.ts';
import { createBlobs, createGate, createNode, textOf } from './node.ts';

const midnight = 10_000;

/** What day it is, by the clock of whoever computes it: `day 0` before midnight, `day 1` from then on. */
function today(log: FakeLog, clock: { ms: number }, takes: () => Promise<void> | void = () => {}): ReadRequest {
  return {
    key: 'today',
    operation: 'Q',
    async compute(): Promise<Computed> {
      const isBefore = clock.ms < midnight;
      const stamp = log.head('acme');
      await takes();
      const window = isBefore ? { freshUntilMs: midnight } : { freshFromMs: midnight };
      return { body: Buffer.from(isBefore ? 'day 0' : 'day 1'), meta: {}, stamp, tags: [], ttlMs: 60_000, ...window };
    },
  };
}

/** Lets everything that is under way, and waits for nothing, come to its end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a value that holds until an instant', () => {
  it('is served until then, and not a millisecond longer', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const read = async () => (await cache.begin('acme')).read(today(log, clock));
    clock.ms = midnight - 5_000;
    expect(await read()).toMatchObject({ status: 'MISS' });
    clock.ms = midnight - 1;
    expect(await read()).toMatchObject({ status: 'HIT' });
    clock.ms = midnight;
    const after = await read();
    expect([after.status, textOf(after)]).toEqual(['MISS', 'day 1']);
  });

  it('holds no longer for having taken long to make', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    clock.ms = midnight - 2_000;
    await (await cache.begin('acme')).read(today(log, clock, () => void (clock.ms = midnight - 500)));
    clock.ms = midnight;
    const after = await (await cache.begin('acme')).read(today(log, clock));
    expect(textOf(after)).toBe('day 1');
  });

  it('is not kept where its time was over before it was made', async () => {
    const log = createFakeLog();
    const store = createBlobs();
    const { cache, clock, memory } = createNode(log, { store });
    clock.ms = midnight - 1;
    const made = await (await cache.begin('acme')).read(today(log, clock, () => void (clock.ms = midnight + 1)));
    expect([made.status, textOf(made)]).toEqual(['MISS', 'day 0']); // the question was asked before
    expect([memory.bytes, store.blobs.size]).toEqual([0, 0]);
  });

  it('is not shared with those who ask after that instant, while it is still being made', async () => {
    const log = createFakeLog();
    const { cache, clock, seen } = createNode(log);
    const gate = createGate();
    clock.ms = midnight - 1;
    const [first, ...readers] = await Promise.all(Array.from({ length: 51 }, () => cache.begin('acme')));
    const before = first!.read(today(log, clock, () => gate.opened));
    await settled();
    clock.ms = midnight + 1;
    let runs = 0;
    const after = readers.map((reader) => reader.read(today(log, clock, () => void (runs += 1))));
    gate.open();
    expect(textOf(await before)).toBe('day 0');
    expect((await Promise.all(after)).map(textOf)).toEqual(Array(50).fill('day 1'));
    expect(runs).toBe(1);
    expect(seen.filter(({ type }) => type === 'store')).toHaveLength(1);
  });

  it('is not shared with those whose clock has been set back', async () => {
    const log = createFakeLog();
    const { cache, clock } = createNode(log);
    const gate = createGate();
    clock.ms = midnight + 1;
    const [one, other] = [await cache.begin('acme'), await cache.begin('acme')];
    const before = one.read(today(log, clock, () => gate.opened));
    await settled();
    clock.ms = midnight - 1;
    const after = other.read(today(log, clock));
    gate.open();
    expect([textOf(await before), textOf(await after)]).toEqual(['day 1', 'day 0']);
  });
});

it('may be served past its expiry while its day lasts, and not on the next', async () => {
  const log = createFakeLog();
  const { cache, clock } = createNode(log);
  const stale = { whileRevalidateMs: 60_000 };
  const compute = async (): Promise<Computed> => {
    const [freshFromMs, freshUntilMs] = clock.ms < midnight ? [0, midnight] : [midnight, 2 * midnight];
    return {
      body: Buffer.from('x'),
      meta: {},
      stamp: 0,
      tags: [],
      ttlMs: 1_000,
      staleForMs: 60_000,
      freshFromMs,
      freshUntilMs,
    };
  };
  const read = async () => (await cache.begin('acme')).read({ key: 'k', operation: 'Q', stale, compute });
  clock.ms = midnight - 5_000;
  expect((await read()).status).toBe('MISS');
  clock.ms = midnight - 3_000;
  expect((await read()).status).toBe('STALE');
  await settled();
  clock.ms = midnight - 1;
  expect((await read()).status).toBe('STALE');
  await settled();
  clock.ms = midnight;
  expect((await read()).status).toBe('MISS');
});

it('shares what is not kept at all with everybody who waits for it', async () => {
  const log = createFakeLog();
  const { cache } = createNode(log);
  const gate = createGate();
  let runs = 0;
  const request: ReadRequest = {
    key: 'k',
    operation: 'Q',
    async compute() {
      runs += 1;
      await gate.opened;
      return { body: Buffer.from('x'), meta: {}, stamp: log.head('acme'), tags: [], ttlMs: 0 };
    },
  };
  const readers = await Promise.all(Array.from({ length: 20 }, () => cache.begin('acme')));
  const reads = readers.map((reader) => reader.read(request));
  gate.open();
  expect((await Promise.all(reads)).map(textOf)).toEqual(Array(20).fill('x'));
  expect(runs).toBe(1);
});
