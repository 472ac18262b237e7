import type { ChangeLog, Seq, Tag, Tenant } from './coherence/change-log.ts';
import { Sync } from './coherence/sync.ts';
import { TagMap } from './coherence/tag-map.ts';
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

export interface CoherentCacheOptions {
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
  tenant: Tenant;
  key: string;
  /** Named in events; bounded and free of personal data. */
  operation: string;
  /** The token of this client's last mutation: the answer contains at least that change, in every mode. */
  token?: Seq;
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

/** A cache whose entries are checked against the change log before every use: nothing is ever purged from it. */
export interface CoherentCache {
  read(request: ReadRequest): Promise<ReadResult>;
  /** How much is known of a tenant's log; undefined before its first read. */
  applied(tenant: Tenant): Seq | undefined;
}

interface Lookup {
  readonly hit: { readonly entry: Entry; readonly level: Level } | null;
  readonly reason: MissReason;
  readonly changedTag: Tag | null;
}

export function createCoherentReader(options: CoherentCacheOptions): CoherentCache {
  const { log, memory, remote, coherence, tags, monotonicMs, nowMs, emit } = options;
  const sync = new Sync({ log, tags, monotonicMs, emit });
  const flights = new Flights<Entry>();

  /** Reads the log if this read's promise asks for it. */
  const catchUp = async (tenant: Tenant, token: Seq | undefined): Promise<void> => {
    const fresh = coherence.mode === 'bounded' && sync.stalenessMs(tenant) <= coherence.maxStalenessMs;
    const hasToken = token === undefined || (tags.applied(tenant) ?? -1) >= token;
    if (!fresh || !hasToken) await sync.sync(tenant);
  };

  const judge = (request: ReadRequest, level: Level, entry: Entry): Pick<Lookup, 'reason' | 'changedTag'> | null => {
    const { tenant, operation } = request;
    const refusal = tags.refusal(tenant, entry);
    if (refusal) {
      const tag = refusal.reason === 'tag' ? refusal.tag : null;
      emit({ type: 'stale-refused', tenant, operation, level, tag });
      return { reason: refusal.reason === 'tag' ? 'changed' : refusal.reason, changedTag: tag };
    }
    if (entry.expiresAtMs <= nowMs()) return { reason: 'expired', changedTag: null };
    return null;
  };

  const lookUp = async (request: ReadRequest): Promise<Lookup> => {
    const { tenant, key, token } = request;
    const local = memory.get(tenant, key);
    const syncing = catchUp(tenant, token);
    const [, distant] = await Promise.all([syncing, local ? null : (remote?.get(key) ?? null)]);
    if (request.refresh) return { hit: null, reason: 'refresh', changedTag: null };
    let refused: Pick<Lookup, 'reason' | 'changedTag'> = { reason: 'absent', changedTag: null };
    for (const [level, found] of [
      ['L1', local],
      ['L2', distant],
    ] as const) {
      if (!found) continue;
      const problem = judge(request, level, found);
      if (!problem) return { hit: { entry: found, level }, reason: 'absent', changedTag: null };
      refused = problem;
    }
    if (!local || !remote) return { hit: null, ...refused };
    // What this process holds is out of date; another node may already have stored a newer one.
    memory.delete(tenant, key);
    const newer = await remote.get(key);
    if (newer && !judge(request, 'L2', newer)) return { hit: { entry: newer, level: 'L2' }, ...refused };
    return { hit: null, ...refused };
  };

  const compute = async (request: ReadRequest, knownAt: Seq, epoch: string, { keep = true } = {}): Promise<Entry> => {
    let made = await request.compute({ primary: false });
    if (made.stamp < knownAt) made = await request.compute({ primary: true }); // a lagging replica
    const storedAtMs = nowMs();
    const { body, meta, stamp, tags: dependsOn, ttlMs } = made;
    const entry = { epoch, stamp, tags: dependsOn, body, meta, storedAtMs, expiresAtMs: storedAtMs + ttlMs };
    if (keep && ttlMs > 0) store(request, entry);
    return entry;
  };

  /** Unconditionally: an entry that was overtaken while it was made carries an old stamp and loses when it is checked. */
  const store = ({ tenant, key, operation }: ReadRequest, entry: Entry): void => {
    const stored = { type: 'store', tenant, operation, bytes: entry.body.byteLength, tags: entry.tags.length } as const;
    memory.set(tenant, key, entry);
    emit({ ...stored, level: 'L1' });
    // Nobody waits for the second level: the entry is right whether it arrives or not.
    void remote?.set(key, entry).then((done) => done && emit({ ...stored, level: 'L2' }));
  };

  return {
    applied: (tenant) => tags.applied(tenant),
    async read(request) {
      const { tenant, key, operation } = request;
      const found = await lookUp(request).catch((error: unknown) => emit({ type: 'error', where: 'sync', error }));
      if (!found) {
        // The log cannot be read, so nothing can be checked and nothing may be kept. The data may still be readable.
        const entry = await compute(request, 0, '', { keep: false });
        return { entry, status: 'BYPASS', level: null, reason: 'unreachable', changedTag: null };
      }
      const { hit, reason, changedTag } = found;
      if (hit) {
        if (hit.level === 'L2') memory.set(tenant, key, hit.entry);
        const ageMs = Math.max(0, nowMs() - hit.entry.storedAtMs);
        emit({ type: 'hit', tenant, operation, level: hit.level, bytes: hit.entry.body.byteLength, ageMs });
        return { entry: hit.entry, status: 'HIT', level: hit.level, reason: null, changedTag: null };
      }
      const knownAt = tags.applied(tenant) ?? 0;
      const epoch = tags.epoch ?? '';
      emit({ type: 'miss', tenant, operation, reason });
      const joined = request.refresh ? undefined : flights.join(key, knownAt);
      if (joined) emit({ type: 'flight-join', tenant, operation });
      const entry = await (joined ?? flights.start(key, knownAt, () => compute(request, knownAt, epoch)));
      return { entry, status: 'MISS', level: null, reason, changedTag };
    },
  };
}
