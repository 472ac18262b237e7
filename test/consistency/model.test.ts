import { describe, expect, it } from 'vitest';
import { explore, walk } from './model/explore.ts';
import { everybody, type Cast, type SeededBug } from './model/protocol.ts';

/** `MODEL_STATES=10000000 npx vitest run test/consistency/model.test.ts` goes deeper. */
const maxStates = Number(process.env['MODEL_STATES'] ?? 1_000_000);
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);

const pair: Cast = {
  writers: [0],
  readers: [0, 1],
  replica: false,
  remoteReverts: true,
  eviction: false,
  restarts: false,
};

/** Each mistake with the smallest cast that can suffer from it. */
const bugs: [SeededBug, Cast][] = [
  ['stamp taken after the query', pair],
  ['no sync', pair],
  ['joining an older sync', { ...pair, readers: [0, 1, 2] }],
  ['joining any flight', pair],
  ["comparing the flight's stamp with its leader's requirement", { ...pair, replica: true }],
  ['sequence numbers without the lock', { ...pair, writers: [0, 1] }],
  ['evicting a tag without raising the floor', { ...pair, eviction: true }],
  ['restarting with floor 0', { ...pair, restarts: true }],
  ['a replica read unchecked', { ...pair, replica: true }],
  ['versions kept in Redis with failover', pair],
];

describe('the coherence protocol', () => {
  it.each(bugs)('is seen to break with this mistake built in: %s', (bug, cast) => {
    const found = explore({ cast, bug }, maxStates);
    expect(found.violation, `no stale read in ${found.states} states`).not.toBeNull();
  });

  it.each(bugs)('serves nothing stale to the same cast without the mistake: %s', (_bug, cast) => {
    const found = explore({ cast, bug: null }, maxStates);
    expect(found.violation).toBeNull();
    expect(found.exhaustive).toBe(true);
  });

  it(`serves nothing stale to everybody in ${maxStates} states`, { timeout: 3_600_000 }, () => {
    const found = explore({ cast: everybody, bug: null }, maxStates);
    expect(found.violation).toBeNull();
    expect(found.states).toBeGreaterThanOrEqual(maxStates);
  });

  it(`serves nothing stale on random walks (MODEL_SEED=${seed})`, { timeout: 600_000 }, () => {
    const found = walk({ cast: everybody, bug: null }, randomOf(seed), 5_000);
    expect(found.violation).toBeNull();
  });
});

/** mulberry32: small, seeded, good enough to choose steps. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
