import { LRUCache } from 'lru-cache';
import type { Tenant } from '../coherence/change-log.ts';
import { sizeOf, type Entry } from '../entry.ts';
import type { Emit } from '../events.ts';

export interface MemoryStoreOptions {
  /** Bytes of all tenants together. @default 256 MiB */
  maxBytes?: number;
  emit: Emit;
}

/** The first level: ready bytes in this process. */
export interface MemoryStore {
  get(tenant: Tenant, key: string): Entry | undefined;
  set(tenant: Tenant, key: string, entry: Entry): void;
  delete(tenant: Tenant, key: string): void;
  clear(tenant?: Tenant): void;
  readonly bytes: number;
  bytesOf(tenant: Tenant): number;
}

/**
 * Least recently used goes first, tenant by tenant: when memory is full, whoever holds most of it gives way. A tenant
 * that fills the cache evicts itself; one that keeps within an equal share is never evicted by another.
 */
export function createMemoryStore({ maxBytes = 256 * 1024 * 1024, emit }: MemoryStoreOptions): MemoryStore {
  const tenants = new Map<Tenant, LRUCache<string, Entry>>();
  let bytes = 0;

  const storeOf = (tenant: Tenant) => {
    const known = tenants.get(tenant);
    if (known) return known;
    const created = new LRUCache<string, Entry>({
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (entry, _key, reason) => {
        if (reason === 'evict') emit({ type: 'evict', tenant, bytes: sizeOf(entry) });
      },
    });
    tenants.set(tenant, created);
    return created;
  };

  /** Runs a change of one tenant's store and keeps the books. */
  const change = (tenant: Tenant, store: LRUCache<string, Entry>, work: () => void) => {
    const before = store.calculatedSize;
    work();
    bytes += store.calculatedSize - before;
    if (store.size === 0) tenants.delete(tenant);
  };

  const largest = () => {
    let found: [Tenant, LRUCache<string, Entry>] | null = null;
    for (const candidate of tenants) {
      if (!found || candidate[1].calculatedSize > found[1].calculatedSize) found = candidate;
    }
    return found;
  };

  const isFull = () => bytes > maxBytes;
  const makeRoom = () => {
    while (isFull()) {
      const found = largest();
      if (!found) return;
      const [name, fullest] = found;
      change(name, fullest, () => fullest.pop());
    }
  };

  return {
    get: (tenant, key) => tenants.get(tenant)?.get(key),
    set(tenant, key, entry) {
      const store = storeOf(tenant);
      change(tenant, store, () => store.set(key, entry));
      makeRoom();
    },
    delete(tenant, key) {
      const store = tenants.get(tenant);
      if (store) change(tenant, store, () => store.delete(key));
    },
    clear(tenant) {
      for (const [name, store] of tenants) {
        if (tenant === undefined || name === tenant) change(name, store, () => store.clear());
      }
    },
    get bytes() {
      return bytes;
    },
    bytesOf: (tenant) => tenants.get(tenant)?.calculatedSize ?? 0,
  };
}
