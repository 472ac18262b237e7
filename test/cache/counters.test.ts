import { expect, it } from 'vitest';
import { createCounters, createEvents } from '../../src/cache/index.ts';

it('counts hits by level, misses by reason and bytes, for each operation of each tenant', () => {
  const events = createEvents();
  const counters = createCounters(events);
  expect(counters.hitRatio()).toBeNull();
  const read = { tenant: 'acme', operation: 'Dashboard', layer: 'response' } as const;
  events.emit({ type: 'miss', ...read, reason: 'absent' });
  events.emit({ type: 'hit', ...read, level: 'L1', bytes: 10, ageMs: 1 });
  events.emit({ type: 'hit', ...read, level: 'L2', bytes: 20, ageMs: 1 });
  events.emit({
    type: 'hit',
    tenant: 'globex',
    operation: 'Tickets',
    layer: 'response',
    level: 'L1',
    bytes: 1,
    ageMs: 1,
  });
  expect(counters.counts().layers.get('response')?.get('acme')?.get('Dashboard')).toEqual({
    L1: 1,
    L2: 1,
    misses: { absent: 1 },
    joined: 0,
    stale: 0,
    bytes: 30,
  });
  expect(counters.hitRatio()).toBe(0.75);
});

it('counts what whole answers and values of single fields were found or made apart, and each of what was served stale', () => {
  const events = createEvents();
  const counters = createCounters(events);
  const [answer, value] = [
    { tenant: 'acme', operation: 'Dashboard', layer: 'response' },
    { tenant: 'acme', operation: 'Dashboard', layer: 'field' },
  ] as const;
  events.emit({ type: 'miss', ...answer, reason: 'absent' });
  for (let found = 0; found < 9; found += 1) {
    events.emit({ type: 'hit', ...value, level: 'L1', bytes: 1, ageMs: 1 });
  }
  events.emit({ type: 'hit', ...answer, level: 'L1', bytes: 1, ageMs: 1 });
  expect([counters.hitRatio(), counters.hitRatio('response'), counters.hitRatio('field')]).toEqual([0.5, 0.5, 1]);
  events.emit({ type: 'stale-served', ...answer, reason: 'expired', because: 'error' });
  events.emit({ type: 'stale-served', ...answer, reason: 'expired', because: 'error' });
  expect([counters.hitRatio(), counters.hitRatio('viewer')]).toEqual([0.25, null]);
});

it('counts looks at the log, remote commands, refusals, evictions and errors', () => {
  const events = createEvents();
  const counters = createCounters(events);
  events.emit({ type: 'sync', tenants: 1, changes: 2, durationMs: 3 });
  events.emit({ type: 'remote', command: 'get', durationMs: 4, failed: true });
  events.emit({
    type: 'stale-refused',
    tenant: 'acme',
    operation: 'Q',
    layer: 'response',
    level: 'L1',
    tag: 'L:ticket',
  });
  events.emit({ type: 'evict', tenant: 'acme', bytes: 1 });
  events.emit({ type: 'error', where: 'remote get', error: new Error('away') });
  events.emit({ type: 'rejected-blob', tenant: 'acme', reason: 'damaged' });
  expect(counters.counts()).toMatchObject({
    refused: 1,
    evicted: 1,
    errors: 2,
    syncs: { count: 1, durationMs: 3 },
    remote: { count: 1, failed: 1, durationMs: 4 },
  });
});

it('counts operations beyond the first five hundred names of a tenant together', () => {
  const events = createEvents();
  const counters = createCounters(events);
  for (let index = 0; index < 2_000; index += 1) {
    events.emit({ type: 'miss', tenant: 'acme', operation: `Made up ${index}`, layer: 'response', reason: 'absent' });
  }
  const counted = counters.counts().layers.get('response')?.get('acme');
  expect(counted?.size).toBe(501);
  expect(counted?.get('other')?.misses.absent).toBe(1_500);
});

it('goes on when a listener throws', () => {
  const events = createEvents();
  events.subscribe(() => {
    throw new Error('broken');
  });
  const counters = createCounters(events);
  events.emit({ type: 'miss', tenant: 'acme', operation: 'Q', layer: 'response', reason: 'absent' });
  expect(counters.hitRatio()).toBe(0);
});
