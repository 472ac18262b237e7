import type { Tenant } from './coherence/change-log.ts';
import type { CacheEvent, Events, Layer, MissReason } from './events.ts';

/** What one operation of one tenant has been answered with so far: each read is one of L1, L2, misses and stale. */
export interface OperationCounts {
  L1: number;
  L2: number;
  misses: Partial<Record<MissReason, number>>;
  /** How often something was waited for that was under way for somebody else. */
  joined: number;
  /** Answered with something older, as the policy allows. */
  stale: number;
  /** Bytes served from the cache. */
  bytes: number;
}

export interface CacheCounts {
  /** Whole answers and values of single fields apart, each by tenant and name: of the operation, of the field. */
  readonly layers: ReadonlyMap<Layer, ReadonlyMap<Tenant, ReadonlyMap<string, Readonly<OperationCounts>>>>;
  /** Entries that were found and refused, because what they depend on had changed. */
  readonly refused: number;
  readonly stored: number;
  readonly evicted: number;
  readonly errors: number;
  /** Looks at the change log, and how long they took in all. */
  readonly syncs: { readonly count: number; readonly durationMs: number };
  /** Commands to the second level, and how long they took in all. */
  readonly remote: { readonly count: number; readonly failed: number; readonly durationMs: number };
}

export interface Counters {
  counts(): CacheCounts;
  /** Hits among the reads of a layer, 0 to 1; null before the first. @default layer response */
  hitRatio(layer?: Layer): number | null;
}

/** Operations counted by name, per layer and tenant; further names are counted together, so that no client can grow the map. */
const maxOperations = 500;
const others = 'other';

/** Counts what the cache does, from the stream that logs and tests read too. */
export function createCounters(events: Events): Counters {
  const layers = new Map<Layer, Map<Tenant, Map<string, OperationCounts>>>();
  const totals = { refused: 0, stored: 0, evicted: 0, errors: 0 };
  const syncs = { count: 0, durationMs: 0 };
  const remote = { count: 0, failed: 0, durationMs: 0 };

  const of = ({ layer, tenant, operation }: { layer: Layer; tenant: Tenant; operation: string }): OperationCounts => {
    const tenants = layers.get(layer) ?? new Map<Tenant, Map<string, OperationCounts>>();
    layers.set(layer, tenants);
    const known = tenants.get(tenant) ?? new Map<string, OperationCounts>();
    tenants.set(tenant, known);
    const key = known.has(operation) || known.size < maxOperations ? operation : others;
    const counts = known.get(key) ?? { L1: 0, L2: 0, misses: {}, joined: 0, stale: 0, bytes: 0 };
    known.set(key, counts);
    return counts;
  };

  const count = (event: CacheEvent): void => {
    switch (event.type) {
      case 'hit': {
        const counts = of(event);
        counts[event.level] += 1;
        counts.bytes += event.bytes;
        return;
      }
      case 'miss': {
        const { misses } = of(event);
        misses[event.reason] = (misses[event.reason] ?? 0) + 1;
        return;
      }
      case 'flight-join':
        of(event).joined += 1;
        return;
      case 'stale-served':
        of(event).stale += 1;
        return;
      case 'sync':
        syncs.count += 1;
        syncs.durationMs += event.durationMs;
        return;
      case 'remote':
        remote.count += 1;
        remote.failed += event.failed ? 1 : 0;
        remote.durationMs += event.durationMs;
        return;
      case 'stale-refused':
        totals.refused += 1;
        return;
      case 'store':
        totals.stored += 1;
        return;
      case 'evict':
        totals.evicted += 1;
        return;
      case 'rejected-blob':
      case 'error':
        totals.errors += 1;
        return;
      case 'renewal':
      case 'breaker':
    }
  };

  events.subscribe(count);
  return {
    counts: () => ({ layers, ...totals, syncs, remote }),
    hitRatio(layer = 'response') {
      let [hits, reads] = [0, 0];
      for (const counted of layers.get(layer)?.values() ?? []) {
        for (const { L1, L2, stale, misses } of counted.values()) {
          hits += L1 + L2;
          reads += L1 + L2 + stale;
          for (const missed of Object.values(misses)) reads += missed;
        }
      }
      return reads === 0 ? null : hits / reads;
    },
  };
}
