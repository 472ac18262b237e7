import type { ChangeLog, Seq, Tag, Tenant } from './coherence/change-log.ts';
import { Sync } from './coherence/sync.ts';
import { History } from './coherence/history.ts';
import type { TagMap } from './coherence/tag-map.ts';
import type { Entry, Meta } from './entry.ts';
import type { Emit, Level, MissReason } from './events.ts';
import { Flights } from './flight.ts';
import type { MemoryStore } from './stores/memory.ts';
import type { RemoteStore } from './stores/remote.ts';

/**
 * strict: a read that starts after a change was acknowledged never answers older data.
 * bounded: it may be older by at most `maxStalenessMs`; past that the log is read first.
 */
export type Coherence = { readonly mode: 'strict' } | { readonly mode: 'bounded'; readonly maxStalenessMs: number };

export interface CacheOptions {
  log: ChangeLog;
  memory: MemoryStore;
  /** The second level; null where nodes share nothing but the log. */
  remote: RemoteStore | null;
  coherence: Coherence;
  tags: TagMap;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
  /** Wall clock, in milliseconds since 1970. */
  nowMs: () => number;
  emit: Emit;
}

/** What a computation made, and what it depends on. */
export interface Computed {
  readonly body: Uint8Array;
  readonly meta: Meta;
  /** The newest change its data is sure to contain, taken before the data was read. */
  readonly stamp: Seq;
  readonly tags: readonly Tag[];
  /** How long it may be kept, in milliseconds; 0: not at all. */
  readonly ttlMs: number;
}

export interface ReadRequest {
  key: string;
  /** Named in events; bounded and free of personal data. */
  operation: string;
  /** Compute afresh even if there is an entry, and store the result. @default false */
  refresh?: boolean;
  /** Makes the value. `primary`: a replica was too far behind, read where the changes are made. */
  compute: (where: { primary: boolean }) => Promise<Computed>;
}

export interface ReadResult {
  readonly entry: Entry;
  readonly status: 'HIT' | 'MISS' | 'BYPASS';
  readonly level: Level | null;
  /** Why it was not a hit; null on a hit. */
  readonly reason: MissReason | null;
  /** The tag whose change made the stored entry unusable, where that was why. */
  readonly changedTag: Tag | null;
}

/** One client's read: what it is entitled to is settled, so everything it asks for is answered from at least there. */
export interface CacheReader {
  read(request: ReadRequest): Promise<ReadResult>;
}

/** A cache whose entries are checked against the change log before every use: nothing is ever purged from it. */
export interface CoherentCache {
  /**
   * Begins a read: afterwards at least everything is known that was acknowledged before this call.
   * `token`, of the client's last mutation: at least that change, in every mode.
   */
  begin(tenant: Tenant, token?: Seq): Promise<CacheReader>;
}

type Refusal = Pick<ReadResult, 'changedTag'> & { readonly reason: MissReason };
type Lookup = { readonly hit: Entry; readonly level: Level } | (Refusal & { readonly hit: null });

const absent: Refusal = { reason: 'absent', changedTag: null };

export function createCache(options: CacheOptions): CoherentCache {
  const { log, coherence, tags, monotonicMs, emit } = options;
  const sync = new Sync({ log, tags, monotonicMs, emit });
  const flights = new Flights<Entry>();
  const history = new History(log, tags, sync);
  return {
    async begin(tenant, token) {
      const withinBound = coherence.mode === 'bounded' && sync.stalenessMs(tenant) <= coherence.maxStalenessMs;
      const hasToken = token === undefined || (tags.applied(tenant) ?? -1) >= token;
      if (!withinBound || !hasToken) {
        try {
          await sync.sync(tenant);
        } catch (error) {
          emit({ type: 'error', where: 'sync', error });
          return new BypassingReader(options, tenant);
        }
      }
      return new CheckingReader({ options, flights, history, tenant });
    },
  };
}

interface ReaderParts {
  readonly options: CacheOptions;
  readonly flights: Flights<Entry>;
  readonly history: History;
  readonly tenant: Tenant;
}

class CheckingReader implements CacheReader {
  readonly #options: CacheOptions;
  readonly #flights: Flights<Entry>;
  readonly #history: History;
  readonly #tenant: Tenant;
  /** What this reader is entitled to: it may join no computation that began with less. */
  readonly #required: Seq;

  constructor({ options, flights, history, tenant }: ReaderParts) {
    this.#options = options;
    this.#flights = flights;
    this.#history = history;
    this.#tenant = tenant;
    this.#required = options.tags.applied(tenant) ?? 0;
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { emit, nowMs } = this.#options;
    const { key, operation } = request;
    const tenant = this.#tenant;
    const found = await this.#lookUp(request);
    if (found.hit) {
      const { hit, level } = found;
      const ageMs = Math.max(0, nowMs() - hit.storedAtMs);
      emit({ type: 'hit', tenant, operation, level, bytes: hit.body.byteLength, ageMs });
      return { entry: hit, status: 'HIT', level, reason: null, changedTag: null };
    }
    const { reason, changedTag } = found;
    emit({ type: 'miss', tenant, operation, reason });
    // Flights of two tenants never meet, whatever their keys.
    const flightKey = `${tenant}\n${key}`;
    const joined = request.refresh ? undefined : this.#flights.join(flightKey, this.#required);
    if (joined) emit({ type: 'flight-join', tenant, operation });
    const knownAt = this.#options.tags.applied(tenant) ?? 0;
    const entry = await (joined ?? this.#flights.start(flightKey, knownAt, () => this.#compute(request, knownAt)));
    return { entry, status: 'MISS', level: null, reason, changedTag };
  }

  async #lookUp(request: ReadRequest): Promise<Lookup> {
    const { memory, remote } = this.#options;
    if (request.refresh) return { hit: null, reason: 'refresh', changedTag: null };
    const local = memory.get(this.#tenant, request.key);
    const refusedLocal = local && this.#judge(request, 'L1', local);
    if (local && !refusedLocal) return { hit: local, level: 'L1' };
    if (local) memory.delete(this.#tenant, request.key);
    const distant = (await remote?.get(request.key)) ?? null;
    const refusedDistant = distant && this.#judge(request, 'L2', distant);
    if (!distant || refusedDistant) return { hit: null, ...(refusedDistant ?? refusedLocal ?? absent) };
    memory.set(this.#tenant, request.key, distant);
    return { hit: distant, level: 'L2' };
  }

  /** Why an entry may not be served; null where it may. */
  #judge({ operation }: ReadRequest, level: Level, entry: Entry): Refusal | null {
    const { tags, coherence, nowMs, emit } = this.#options;
    const refusal = tags.refusal(this.#tenant, entry);
    if (refusal) {
      const tag = refusal.reason === 'tag' ? refusal.tag : null;
      emit({ type: 'stale-refused', tenant: this.#tenant, operation, level, tag });
      return { reason: refusal.reason === 'tag' ? 'changed' : refusal.reason, changedTag: tag };
    }
    if (entry.stamp > (tags.applied(this.#tenant) ?? 0)) {
      // Either stored just now by a node that knows more, or of a history that was lost when the database went back.
      void this.#history
        .check(this.#tenant, entry)
        .catch((error: unknown) => emit({ type: 'error', where: 'epoch', error }));
      if (coherence.mode === 'strict') return { reason: 'ahead', changedTag: null };
    }
    return entry.expiresAtMs <= nowMs() ? { reason: 'expired', changedTag: null } : null;
  }

  async #compute(request: ReadRequest, knownAt: Seq): Promise<Entry> {
    const epoch = this.#options.tags.epoch ?? '';
    let computed = await request.compute({ primary: false });
    if (computed.stamp < knownAt) computed = await request.compute({ primary: true }); // a lagging replica
    const entry = toEntry(computed, epoch, this.#options.nowMs());
    if (computed.ttlMs > 0) this.#store(request, entry);
    return entry;
  }

  /** Unconditionally: an entry that was overtaken while it was made carries an old stamp and loses when it is checked. */
  #store({ key, operation }: ReadRequest, entry: Entry): void {
    const { memory, remote, emit } = this.#options;
    const tenant = this.#tenant;
    const stored = { type: 'store', tenant, operation, bytes: entry.body.byteLength, tags: entry.tags.length } as const;
    memory.set(tenant, key, entry);
    emit({ ...stored, level: 'L1' });
    // Nobody waits for the second level: the entry is right whether it arrives or not.
    void remote?.set(key, entry).then((done) => done && emit({ ...stored, level: 'L2' }));
  }
}

/** The log cannot be read, so nothing can be checked and nothing may be kept. The data may still be readable. */
class BypassingReader implements CacheReader {
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;

  constructor(options: CacheOptions, tenant: Tenant) {
    this.#options = options;
    this.#tenant = tenant;
  }

  async read({ operation, compute }: ReadRequest): Promise<ReadResult> {
    this.#options.emit({ type: 'miss', tenant: this.#tenant, operation, reason: 'unreachable' });
    const entry = toEntry(await compute({ primary: true }), '', this.#options.nowMs());
    return { entry, status: 'BYPASS', level: null, reason: 'unreachable', changedTag: null };
  }
}

function toEntry({ body, meta, stamp, tags, ttlMs }: Computed, epoch: string, storedAtMs: number): Entry {
  return { epoch, stamp, tags, body, meta, storedAtMs, expiresAtMs: storedAtMs + ttlMs };
}
