import { LRUCache } from 'lru-cache';
import { aspectValue, type Aspect, type Asker } from './observed-viewer.ts';

/** Operations, and kinds of viewers that asked them, that are remembered; what was forgotten is learned again by running. */
const maxOperations = 10_000;
const maxKinds = 50_000;

/**
 * What the answers to each operation were seen to depend on, of the viewer. An answer is kept only when running it
 * looked at nothing beyond this; when it did, the scope grows, and the next answer is kept under the wider key. Two
 * viewers alike in all of it would have been answered alike: whatever decides what is looked at is itself looked at.
 *
 * Permissions come first, because they decide what else is looked at: each kind of viewer has a scope of its own, so
 * that answers for some, which depend on the person, do not split those that others share.
 */
export interface LearnedScopes {
  /** Another one each time that any scope has grown: until then, what `of` answered holds. */
  readonly version: number;
  of(operation: string, asker: Asker): readonly Aspect[];
  /** Widens the scope, for those alike, by what a run was seen to look at. */
  learn(operation: string, asker: Asker, seen: ReadonlySet<Aspect>): void;
}

export function createLearnedScopes(): LearnedScopes {
  const permissions = new LRUCache<string, readonly Aspect[]>({ max: maxOperations });
  const others = new LRUCache<string, readonly Aspect[]>({ max: maxKinds });
  let version = 0;
  const widen = (scopes: LRUCache<string, readonly Aspect[]>, name: string, seen: readonly Aspect[]): void => {
    const known = scopes.get(name) ?? [];
    const wider = new Set([...known, ...seen]);
    if (wider.size === known.length) return;
    scopes.set(name, [...wider].toSorted());
    version += 1;
  };
  const kindOf = (operation: string, asker: Asker) => {
    const decisive = permissions.get(operation) ?? [];
    return JSON.stringify([operation, ...decisive.map((aspect) => [aspect, aspectValue(asker, aspect)])]);
  };
  return {
    get version() {
      return version;
    },
    of: (operation, asker) => [...(permissions.get(operation) ?? []), ...(others.get(kindOf(operation, asker)) ?? [])],
    learn(operation, asker, seen) {
      widen(permissions, operation, [...seen].filter(isPermission));
      widen(
        others,
        kindOf(operation, asker),
        [...seen].filter((aspect) => !isPermission(aspect)),
      );
    },
  };
}

function isPermission(aspect: Aspect): boolean {
  return aspect.startsWith('permission');
}
