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
  /**
   * What a tenant holds, by key, one entry at a time: whoever looks at many can let others have a turn in between. What
   * comes meanwhile is not among it, nor what goes. Looking is no use: it keeps no entry longer.
   */
  entriesOf(tenant: Tenant): Iterable<readonly [key: string, entry: Entry]>;
  readonly bytes: number;
  bytesOf(tenant: Tenant): number;
}

interface Shelf {
  readonly tenant: Tenant;
  bytes: number;
  /** In the order of their last use: a map keeps the order of insertion, and costs a third of a linked list. */
  readonly entries: Map<string, Entry>;
}

/**
 * Least recently used goes first, tenant by tenant: when memory is full, one who holds more than an equal share gives
 * way. A tenant that fills the cache evicts itself; one that keeps within its share is never evicted by another.
 */
export function createMemoryStore({ maxBytes = 256 * 1024 * 1024, emit }: MemoryStoreOptions): MemoryStore {
  const shelves = new Map<Tenant, Shelf>();
  let bytes = 0;
  /** Who gave way last; it does so until it is down to the average, so that another is searched for rarely. */
  let giving: Shelf | undefined;
  let candidates = shelves.values();

  const shelfOf = (tenant: Tenant): Shelf => {
    const known = shelves.get(tenant);
    if (known) return known;
    const created: Shelf = { tenant, bytes: 0, entries: new Map() };
    shelves.set(tenant, created);
    return created;
  };

  const weigh = (shelf: Shelf, change: number) => {
    shelf.bytes += change;
    bytes += change;
  };

  const remove = (shelf: Shelf, key: string): number => {
    const entry = shelf.entries.get(key);
    if (!entry) return 0;
    shelf.entries.delete(key);
    const size = sizeOf(key, entry);
    weigh(shelf, -size);
    if (shelf.entries.size === 0) shelves.delete(shelf.tenant);
    return size;
  };

  const isAboveAverage = (shelf: Shelf) => shelves.get(shelf.tenant) === shelf && shelf.bytes * shelves.size >= bytes;

  /** Somebody is always above the average, or at it. */
  const nextToGive = (): Shelf => {
    for (;;) {
      const { value, done } = candidates.next();
      if (value && isAboveAverage(value)) return value;
      if (done) candidates = shelves.values();
    }
  };

  const isFull = () => bytes > maxBytes;
  const makeRoom = () => {
    while (isFull()) {
      giving = giving && isAboveAverage(giving) ? giving : nextToGive();
      const [oldest] = giving.entries.keys();
      if (oldest === undefined) return;
      emit({ type: 'evict', tenant: giving.tenant, bytes: remove(giving, oldest) });
    }
  };

  return {
    get(tenant, key) {
      const entries = shelves.get(tenant)?.entries;
      const entry = entries?.get(key);
      if (!entries || !entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    set(tenant, key, entry) {
      const size = sizeOf(key, entry);
      const known = shelves.get(tenant);
      if (known) remove(known, key);
      if (size > maxBytes) return; // it would evict everything and still not fit
      const shelf = shelfOf(tenant);
      shelf.entries.set(key, entry);
      weigh(shelf, size);
      makeRoom();
    },
    delete(tenant, key) {
      const shelf = shelves.get(tenant);
      if (shelf) remove(shelf, key);
    },
    clear(tenant) {
      for (const shelf of tenant === undefined ? shelves.values() : [shelves.get(tenant)]) {
        if (!shelf) continue;
        bytes -= shelf.bytes;
        shelves.delete(shelf.tenant);
      }
    },
    *entriesOf(tenant) {
      // The keys of now: a map that is read meanwhile puts what was read at its end, so it might never end itself.
      const keys = [...(shelves.get(tenant)?.entries.keys() ?? [])];
      for (const key of keys) {
        const entry = shelves.get(tenant)?.entries.get(key);
        if (entry) yield [key, entry];
      }
    },
    get bytes() {
      return bytes;
    },
    bytesOf: (tenant) => shelves.get(tenant)?.bytes ?? 0,
  };
}
