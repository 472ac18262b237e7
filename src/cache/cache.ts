import type { ChangeLog, Seq, Tag, Tenant } from './coherence/change-log.ts';
import { History } from './coherence/history.ts';
import { Sync } from './coherence/sync.ts';
import type { TagMap } from './coherence/tag-map.ts';
import type { Entry, Meta } from './entry.ts';
import type { Emit, Layer, Level, MissReason } from './events.ts';
import { Flights } from './flight.ts';
import { BypassingReader } from './readers/bypassing.ts';
import { CheckingReader } from './readers/checking.ts';
import { Renewals } from './readers/renewals.ts';
import { withSoftTimeout } from './readers/soft-timeout.ts';
import { Refusals, type StaleBecause, type StalePolicy } from './readers/stale.ts';
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
  /**
   * How long a read waits for the log before it goes on as one that cannot read it, in milliseconds: nothing is served
   * from the cache then, but what a policy allows, marked. @default as long as the log takes
   */
  logTimeoutMs?: number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
  /** Wall clock, in milliseconds since 1970. */
  nowMs: () => number;
  /** From 0 to 1, for eager renewal. @default Math.random */
  random?: () => number;
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
  /** The first instant it holds for, wall clock, of what is made from the time. @default any */
  readonly freshFromMs?: number;
  /** The instant from which it holds no longer, wall clock, of what is made from the time. @default never */
  readonly freshUntilMs?: number;
  /** How much longer it is kept for those who may be served something expired, in milliseconds. @default 0 */
  readonly staleForMs?: number;
  /** What it took to make, in milliseconds: what is about to expire is made anew that much earlier. @default never early */
  readonly costMs?: number;
}

export interface FindRequest {
  key: string;
  /** Named in events; bounded and free of personal data. */
  operation: string;
  /** @default response */
  layer?: Layer;
}

export interface ReadRequest extends FindRequest {
  /** Compute afresh even if there is an entry, and store the result. @default false */
  refresh?: boolean;
  /** How old an entry may be that is served, in milliseconds. @default any age */
  maxAgeMs?: number;
  /** When something older may be answered. @default never */
  stale?: StalePolicy;
  /** Makes the value; rejects with AskAgain where it is to be asked for under another key. */
  compute: (where: ComputeWhere) => Promise<Computed>;
}

export interface ComputeWhere {
  /** Read where the changes are made: a replica was too far behind. */
  readonly primary: boolean;
  /**
   * What is stamped with less is too far behind, and is computed again on the primary. Who rejects with an answer that
   * is not to be kept sees to that: nobody asks a rejection how new it is.
   */
  readonly atLeast: Seq;
}

export interface ReadResult {
  readonly entry: Entry;
  readonly status: 'HIT' | 'MISS' | 'STALE' | 'BYPASS';
  readonly level: Level | null;
  /** Why it was not a hit; null on a hit. */
  readonly reason: MissReason | null;
  /** Of what is stale: why it was served. */
  readonly because?: StaleBecause;
  /** Whether it is what was under way for somebody else. @default false */
  readonly isJoined?: boolean;
  /** The tag whose change made the stored entry unusable, where that was why. */
  readonly changedTag: Tag | null;
}

/** One client's read: what it is entitled to is settled, so everything it asks for is answered from at least there. */
export interface CacheReader {
  /**
   * The history that what it computes is to be of, null where nothing can be checked: a replica that does not know it yet
   * is too far behind, whatever its position.
   */
  readonly epoch: string | null;
  /** Rejects with whatever `compute` rejects with, for everybody who waited for it. */
  read(request: ReadRequest): Promise<ReadResult>;
  /**
   * The entry, where the first level has it, nothing changed it, and it is not about to expire: told at once. Of all
   * else nothing is said, to nobody: `read` and `find` look into it.
   */
  glance(request: FindRequest): Entry | null;
  /** A hit, or null. For those who cannot hand over their computation: `keep` takes its result. */
  find(request: FindRequest): Promise<ReadResult | null>;
  /**
   * Stores what was computed from data that was read, on the primary, after this reader began: it is stamped with what
   * was known then. Nothing is stored by a reader that could not read the log.
   */
  keep(request: FindRequest, computed: Omit<Computed, 'stamp'>): void;
  /** For parts of an answer whose data was read after this reader began; null where nothing can be checked. */
  snapshot(of: SnapshotRequest): Promise<SnapshotReader | null>;
}

export interface SnapshotRequest {
  /** The newest change that the snapshot contains: exactly that, as a database tells it within the snapshot. */
  stamp: Seq;
  /** The instant that the answer is made for, wall clock, in milliseconds since 1970. */
  atMs: number;
}

/** Parts of an answer under way, made from one snapshot of the data and for one instant: each is what they give. */
export interface SnapshotReader {
  /** Entries in the order of the requests, all looked up at once; null where there is none that holds. */
  find(requests: readonly FindRequest[]): Promise<(Entry | null)[]>;
  /** Makes an entry from the snapshot and stores it; several that make the same at once share what one of them makes. */
  make(request: MakeRequest): Promise<Entry>;
}

export interface MakeRequest extends FindRequest {
  /** Make it whoever else is making it: theirs may have been begun before this was asked for. @default false */
  refresh?: boolean;
  compute: () => Promise<Omit<Computed, 'stamp'>>;
}

/** A cache whose entries are checked against the change log before every use: nothing is ever purged from it. */
export interface CoherentCache {
  /**
   * Begins a read: afterwards at least everything is known that was acknowledged before this call.
   * `token`, of the client's last mutation: at least that change, in every mode.
   */
  begin(tenant: Tenant, token?: Seq): Promise<CacheReader>;
}

export function createCache(options: CacheOptions): CoherentCache {
  const { log, coherence, tags, monotonicMs, logTimeoutMs, emit } = options;
  const sync = new Sync({ log, tags, monotonicMs, emit });
  const flights = new Flights<ReadResult>();
  const parts = new Flights<Entry>();
  const renewals = new Renewals(monotonicMs);
  const refusals = new Refusals();
  const history = new History(log, tags, sync);

  const mustSync = (tenant: Tenant, token: Seq | undefined): boolean => {
    const isWithinBound = coherence.mode === 'bounded' && sync.stalenessMs(tenant) <= coherence.maxStalenessMs;
    return !isWithinBound || (token !== undefined && (tags.applied(tenant) ?? -1) < token);
  };

  return {
    async begin(tenant, token) {
      try {
        if (mustSync(tenant, token))
          await (logTimeoutMs ? withSoftTimeout(sync.sync(tenant), logTimeoutMs) : sync.sync(tenant));
      } catch (error) {
        emit({ type: 'error', where: 'sync', error });
        return new BypassingReader(options, tenant, { reason: 'unreachable', isExact: token !== undefined, refusals });
      }
      // What it is entitled to is settled now: whatever is learned or forgotten later, it gets nothing older.
      const [epoch, required] = [tags.epoch, tags.applied(tenant)];
      if (epoch === null || required === undefined)
        return new BypassingReader(options, tenant, { reason: 'epoch', isExact: true, refusals });
      const isExact = token !== undefined;
      return new CheckingReader({
        options,
        flights,
        parts,
        renewals,
        refusals,
        sync,
        history,
        tenant,
        epoch,
        required,
        isExact,
      });
    },
  };
}
