import type { Tag, Tenant } from './coherence/change-log.ts';

export type Level = 'L1' | 'L2';

/**
 * Which of the layers that share the engine asks: whole answers (`response`), values of which they are made (`field`),
 * or another one. Counted apart; few, and named in the code.
 */
export type Layer = string;

/** Why a read was not answered from the cache, or with something stale. */
export type MissReason =
  | 'absent'
  | 'expired'
  | 'changed'
  | 'purged'
  | 'soft-purge'
  | 'epoch'
  | 'floor'
  | 'ahead'
  | 'refresh'
  | 'unreachable';

/**
 * Why what the second level handed back was not believed.
 * foreign: not written by the engine. version: by another version of it. unencrypted, encrypted: this node has keys, or
 * has none. unknown-key: encrypted with a key that this node does not have (any more). damaged: changed, cut short, made
 * by somebody else, or written for another tenant or key. too-large: more than an entry may be.
 */
export type RejectReason =
  | 'foreign'
  | 'version'
  | 'unencrypted'
  | 'encrypted'
  | 'unknown-key'
  | 'damaged'
  | 'too-large';

/** What the cache tells the world. Logs, counters and tests subscribe to the same stream. */
export type CacheEvent =
  | {
      readonly type: 'hit';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly level: Level;
      readonly bytes: number;
      readonly ageMs: number;
    }
  /** Once the value is made, or could not be. */
  | {
      readonly type: 'miss';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly reason: MissReason;
    }
  /** Something older was served because the policy allows it: why, and whether the value itself could not be made. */
  | {
      readonly type: 'stale-served';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly reason: MissReason;
      readonly because: 'revalidating' | 'error' | 'timeout';
    }
  /** A value is made anew before anybody had to wait for it. */
  | {
      readonly type: 'renewal';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly eager: boolean;
    }
  /** An entry was found and refused, because what it depends on has changed since. */
  | {
      readonly type: 'stale-refused';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly level: Level;
      readonly tag: Tag | null;
    }
  | { readonly type: 'flight-join'; readonly tenant: Tenant; readonly operation: string; readonly layer: Layer }
  | {
      readonly type: 'store';
      readonly tenant: Tenant;
      readonly operation: string;
      readonly layer: Layer;
      readonly level: Level;
      readonly bytes: number;
      readonly tags: number;
    }
  /** One pull of the change log, shared by everybody who waited for it. */
  | { readonly type: 'sync'; readonly tenants: number; readonly changes: number; readonly durationMs: number }
  | { readonly type: 'remote'; readonly command: 'get' | 'set'; readonly durationMs: number; readonly failed: boolean }
  /** The second level handed back something that is not believed: a miss. */
  | { readonly type: 'rejected-blob'; readonly tenant: Tenant; readonly reason: RejectReason }
  | { readonly type: 'breaker'; readonly state: 'open' | 'half-open' | 'closed' }
  | { readonly type: 'evict'; readonly tenant: Tenant; readonly bytes: number }
  | { readonly type: 'error'; readonly where: string; readonly error: unknown };

export type Emit = (event: CacheEvent) => void;

export interface Events {
  readonly emit: Emit;
  /** Answers a function that ends the subscription. */
  subscribe(listener: Emit): () => void;
}

/** A listener that throws is dropped: a broken counter must not fail a request. */
export function createEvents(): Events {
  const listeners = new Set<Emit>();
  return {
    emit(event) {
      for (const listener of listeners) {
        try {
          listener(event);
        } catch {
          listeners.delete(listener);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
