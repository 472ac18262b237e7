import { expect, it } from 'vitest';
import { AskAgain } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';
import { computing, createBlobs, createGate, createNode } from './node.ts';

const outcomes = new Set(['hit', 'miss', 'stale-served']);

function start(store = createBlobs()) {
  const log = createFakeLog();
  const node = createNode(log, { store });
  const make = computing(log, () => 'made', ['L:ticket']);
  const request = { key: 'k', operation: 'Q', compute: make };
  return {
    ...node,
    log,
    store,
    request,
    read: async (more: object = {}) => (await node.cache.begin('acme')).read({ ...request, ...more }),
    told: () => node.seen.splice(0).flatMap((event) => (outcomes.has(event.type) ? [event.type] : [])),
  };
}

const failing = (error: Error) => ({
  async compute() {
    throw error;
  },
});

it('a read has one outcome: a miss, then hits in either level', async () => {
  const { read, told, memory } = start();
  await read();
  expect(told()).toEqual(['miss']);
  await read();
  expect(told()).toEqual(['hit']);
  memory.delete('acme', 'k');
  await read();
  expect(told()).toEqual(['hit']);
});

it('so has each of those that wait for the same', async () => {
  const { read, told, request } = start();
  const gate = createGate();
  const compute = () => gate.opened.then(request.compute);
  const all = [read({ compute }), read({ compute }), read({ compute })];
  await Promise.resolve();
  gate.open();
  const results = await Promise.all(all);
  expect(results.map(({ isJoined = false }) => isJoined)).toEqual([false, true, true]);
  expect(told()).toEqual(['miss', 'miss', 'miss']);
});

it('one that cannot be made is a miss for all that waited, one that asks again under another key is nothing yet', async () => {
  const { read, told } = start();
  await Promise.allSettled([read(failing(new Error('broken'))), read(failing(new Error('broken')))]);
  expect(told()).toEqual(['miss', 'miss']);
  await expect(read(failing(new AskAgain()))).rejects.toThrow(AskAgain);
  expect(told()).toEqual([]);
});

it('what is too old for a reader is one miss, and is made anew, in either level', async () => {
  const { read, told, clock, memory } = start();
  await read();
  told();
  clock.ms += 10_000;
  expect(await read({ maxAgeMs: 10_000 })).toMatchObject({ status: 'HIT' });
  expect(told()).toEqual(['hit']);
  clock.ms += 1;
  expect(await read({ maxAgeMs: 10_000 })).toMatchObject({ status: 'MISS', reason: 'refresh' });
  expect(told()).toEqual(['miss']);
  clock.ms += 10_001;
  memory.delete('acme', 'k');
  expect(await read({ maxAgeMs: 10_000 })).toMatchObject({ status: 'MISS', reason: 'refresh' });
  expect(told()).toEqual(['miss']);
});

it('what is served stale is that alone, though it is made anew in the background', async () => {
  const { read, told, clock, request } = start();
  const stale = { whileRevalidateMs: 60_000, ifErrorMs: 60_000 };
  const compute = async () => ({ ...(await request.compute()), staleForMs: 60_000 });
  await read({ compute, stale });
  told();
  clock.ms += 60_001;
  const statuses: string[] = [];
  const again = async () => void statuses.push((await read({ compute, stale })).status);
  await again();
  await expect.poll(async () => again().then(() => statuses.at(-1))).toBe('HIT');
  expect(told()).toEqual(statuses.map((status) => (status === 'HIT' ? 'hit' : 'stale-served')));
});

it('while the log cannot be read a read is a miss, made or not, or something stale', async () => {
  const { read, told, log, request, clock } = start();
  const stale = { ifErrorMs: 60_000 };
  const compute = async () => ({ ...(await request.compute()), staleForMs: 60_000 });
  await read({ compute, stale });
  told();
  log.failing = true;
  clock.ms += 1;
  await read({ compute, stale });
  expect(told()).toEqual(['miss']);
  const broken = failing(new Error('broken'));
  await read({ ...broken, stale });
  expect(told()).toEqual(['stale-served']);
  await expect(read(broken)).rejects.toThrow('broken');
  expect(told()).toEqual(['miss']);
});
