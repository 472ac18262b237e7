import { LRUCache } from 'lru-cache';
import type { Aspect } from './observed-viewer.ts';

/** Operations whose scope is remembered; one that was forgotten is learned again by running it. */
const maxOperations = 10_000;

/**
 * What the answers to each operation were seen to depend on, of the viewer. An answer is kept only when running it
 * looked at nothing beyond this; when it did, the scope grows, and the next answer is kept under the wider key. Two
 * viewers alike in all of it would have been answered alike: whatever decides what is looked at is itself looked at.
 */
export interface LearnedScopes {
  of(operation: string): readonly Aspect[];
  /** Widens the scope by what a run was seen to look at. */
  learn(operation: string, seen: ReadonlySet<Aspect>): void;
}

export function createLearnedScopes(): LearnedScopes {
  const scopes = new LRUCache<string, readonly Aspect[]>({ max: maxOperations });
  const of = (operation: string) => scopes.get(operation) ?? [];
  return {
    of,
    learn(operation, seen) {
      const known = of(operation);
      const wider = new Set([...known, ...seen]);
      if (wider.size > known.length) scopes.set(operation, [...wider].toSorted());
    },
  };
}
