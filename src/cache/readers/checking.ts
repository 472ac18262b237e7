import type {
  CacheOptions,
  CacheReader,
  Computed,
  FindRequest,
  ReadRequest,
  ReadResult,
  SnapshotReader,
  SnapshotRequest,
} from '../cache.ts';
import type { Seq, Tenant } from '../coherence/change-log.ts';
import type { History } from '../coherence/history.ts';
import type { Sync } from '../coherence/sync.ts';
import { isOfInstant, toEntry, type Entry } from '../entry.ts';
import type { Flights } from '../flight.ts';
import { askedFor } from './asked-for.ts';
import { BypassingReader } from './bypassing.ts';
import { storeEntry, tellHit } from './levels.ts';
import { absent, LookUp, type Hit, type Refusal } from './look-up.ts';
import { tellMiss, withOutcome, type Why } from './outcome.ts';
import type { Renewals } from './renewals.ts';
import { CheckedSnapshot } from './snapshot.ts';
import { SoftTimeout, withSoftTimeout } from './soft-timeout.ts';
import { mayServeStale, type Refusals, type StaleBecause, type StalePolicy } from './stale.ts';

const defaultSoftTimeoutMs = 2_000;

export interface CheckingReaderParts {
  readonly options: CacheOptions;
  readonly flights: Flights<ReadResult>;
  /** Of parts of answers. */
  readonly parts: Flights<Entry>;
  readonly renewals: Renewals;
  readonly refusals: Refusals;
  readonly sync: Sync;
  readonly history: History;
  readonly tenant: Tenant;
  /** The history the read began in. */
  readonly epoch: string;
  /** What this reader is entitled to: it may join no flight that began with less. */
  readonly required: Seq;
  /** Whether nothing older may be served, whatever a policy says: the client has sent a token. */
  readonly isExact: boolean;
}

/** Serves what passes the check against the change log, and computes the rest. */
export class CheckingReader implements CacheReader {
  readonly #parts: CheckingReaderParts;
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;
  readonly #lookUp: LookUp;

  constructor(parts: CheckingReaderParts) {
    this.#parts = parts;
    this.#options = parts.options;
    this.#tenant = parts.tenant;
    this.#lookUp = new LookUp(parts);
  }

  get epoch(): string {
    return this.#parts.epoch;
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return withOutcome(this.#parts, request, (...asked) => this.#answer(...asked));
  }

  async #answer(request: ReadRequest, why: Why): Promise<ReadResult> {
    const { epoch, isExact } = this.#parts;
    const looking = this.#lookUp.local(request);
    // No turn of the event loop between a miss and joining: a flight that lands in between would be flown twice.
    const local = looking instanceof Promise ? await looking : looking;
    if (local.hit) {
      this.#renewEarly(request, local.hit);
      return this.#serve(request, local);
    }
    why.reason = local.reason;
    // Positions of one history mean nothing in another.
    if (this.#options.tags.epoch !== epoch) {
      return new BypassingReader(this.#options, this.#tenant, {
        reason: 'epoch',
        isExact: true,
        refusals: this.#parts.refusals,
      }).answer(request, why);
    }
    const { stale, refresh } = request;
    if (!stale || isExact || refresh) return this.#joinOrFly(request, local).landed;
    const expired = this.#serveStale(request, local, 'revalidating');
    if (!expired) return this.#orStale(request, stale, local);
    this.#renew(request, false);
    return expired;
  }

  glance(request: FindRequest): Entry | null {
    const hit = this.#lookUp.glance(request);
    if (!hit) return null;
    tellHit(this.#options, this.#tenant, request, { entry: hit, level: 'L1' });
    return this.#serve(request, { hit, level: 'L1' }).entry;
  }

  async find(request: FindRequest): Promise<ReadResult | null> {
    const local = await this.#lookUp.local(request);
    const found = local.hit ? local : await this.#lookUp.remote(request, local);
    if (!found.hit) {
      tellMiss(this.#options.emit, this.#tenant, request, found.reason);
      return null;
    }
    tellHit(this.#options, this.#tenant, request, { entry: found.hit, level: found.level });
    return this.#serve(request, found);
  }

  keep(request: FindRequest, computed: Omit<Computed, 'stamp'>): void {
    const { epoch, required } = this.#parts;
    const entry = toEntry({ ...computed, stamp: required }, epoch, this.#options.nowMs());
    storeEntry(this.#options, this.#tenant, request, entry);
  }

  async snapshot({ stamp, atMs }: SnapshotRequest): Promise<SnapshotReader | null> {
    const { sync, parts: flights, epoch } = this.#parts;
    const { tags } = this.#options;
    try {
      if ((tags.applied(this.#tenant) ?? -1) < stamp) await sync.sync(this.#tenant);
    } catch (error) {
      this.#options.emit({ type: 'error', where: 'sync', error });
      return null;
    }
    // Which history the data is of is known from before it was read: whatever is learned since says nothing about it.
    if (tags.epoch !== epoch) return null;
    return new CheckedSnapshot({ options: this.#options, flights, tenant: this.#tenant, epoch, stamp, atMs });
  }

  /** Flights of two tenants or two histories never meet, whatever their keys. */
  #flightKey({ key }: FindRequest): string {
    return JSON.stringify([this.#parts.epoch, this.#tenant, key]);
  }

  #joinOrFly(request: ReadRequest, local: Refusal): { landed: Promise<ReadResult>; looked: Promise<Refusal> | null } {
    const joined = request.refresh
      ? undefined
      : this.#parts.flights.join(this.#flightKey(request), this.#parts.required);
    if (!joined) return this.#takeOff(request, local);
    const askedAtMs = this.#options.nowMs();
    this.#options.emit({ type: 'flight-join', ...askedFor(this.#tenant, request) });
    const landed = joined.then((result) => {
      // Made for an instant before midnight, it is no answer to who asked after it.
      if (!isOfInstant(result.entry, askedAtMs)) return this.#joinOrFly(request, local).landed;
      return { ...result, isJoined: true };
    });
    return { landed, looked: null };
  }

  /** `looked`: what the second level has, where it may not be served as if it were fresh. */
  #takeOff(request: ReadRequest, local: Refusal): { landed: Promise<ReadResult>; looked: Promise<Refusal> } {
    const { flights, required } = this.#parts;
    const knownAt = Math.max(required, this.#options.tags.applied(this.#tenant) ?? 0);
    let found: (refusal: Refusal) => void = () => {};
    const looked = new Promise<Refusal>((resolve) => (found = resolve));
    const landed = flights.start(this.#flightKey(request), knownAt, () =>
      this.#fly(request, local, { knownAt, found }),
    );
    return { landed, looked };
  }

  /** The second level, then the computation: one of each for everybody who waits for the same. */
  async #fly(
    request: ReadRequest,
    local: Refusal,
    { knownAt, found }: { knownAt: Seq; found: (refusal: Refusal) => void },
  ): Promise<ReadResult> {
    const { options } = this.#parts;
    const remote = request.refresh ? { hit: null, ...local } : await this.#lookUp.remote(request, local);
    if (remote.hit) return this.#serve(request, remote);
    found(remote);
    const { reason, changedTag } = remote;
    const missed = { status: 'MISS', level: null, reason, changedTag } as const;
    let computed = await request.compute({ primary: false, atLeast: knownAt });
    if (computed.stamp < knownAt) computed = await request.compute({ primary: true, atLeast: knownAt }); // a lagging replica
    // Of the history that was known before its data was read: should that be over by now, the entry is refused.
    const entry = toEntry(computed, this.#parts.epoch, options.nowMs());
    storeEntry(options, this.#tenant, request, entry);
    return { entry, ...missed };
  }

  /** Waits for the value as long as nothing older may be served instead. */
  async #orStale(request: ReadRequest, stale: StalePolicy, local: Refusal): Promise<ReadResult> {
    const { landed, looked } = this.#joinOrFly(request, local);
    // Who flies learns on the way whether the second level has something older.
    const known = looked ? ((await Promise.race([looked, landed.then(nothing, nothing)])) ?? local) : local;
    const expired = known === local ? null : this.#serveStale(request, known, 'revalidating');
    if (expired) return expired;
    const isServable = this.#mayServe(request, known, 'timeout');
    try {
      return await (isServable ? withSoftTimeout(landed, stale.softTimeoutMs ?? defaultSoftTimeoutMs) : landed);
    } catch (error) {
      const isLate = error instanceof SoftTimeout;
      const isFailure = isLate || (stale.isFailure?.(error) ?? true);
      const served = isFailure && this.#serveStale(request, known, isLate ? 'timeout' : 'error');
      if (served) return served;
      throw error;
    }
  }

  /** Makes a value anew in the background, unless that is under way, or has just failed. */
  #renew(request: ReadRequest, eager: boolean): void {
    const { flights, renewals } = this.#parts;
    const key = this.#flightKey(request);
    if (flights.isUp(key) || !renewals.mayTry(key)) return;
    this.#options.emit({ type: 'renewal', ...askedFor(this.#tenant, request), eager });
    renewals.watch(key, this.#takeOff(eager ? { ...request, refresh: true } : request, absent).landed);
  }

  /**
   * What is asked for often is made anew before it expires, the likelier the nearer that is and the longer making it
   * takes: under load nobody ever waits, and what nobody asks for is left to expire.
   */
  #renewEarly(request: ReadRequest, { costMs, expiresAtMs }: Entry): void {
    if (costMs === 0) return;
    const { nowMs, random = Math.random } = this.#options;
    if (nowMs() - costMs * Math.log(1 - random()) >= expiresAtMs) this.#renew(request, true);
  }

  #serve(request: FindRequest, { hit, level }: Hit): ReadResult {
    this.#parts.refusals.forget(this.#tenant, request.key, hit);
    return { entry: hit, status: 'HIT', level, reason: null, changedTag: null };
  }

  #mayServe({ key, stale }: ReadRequest, { entry, reason }: Refusal, because: StaleBecause): boolean {
    if (!entry || !stale) return false;
    const { tenant, refusals } = this.#parts;
    return mayServeStale({ entry, reason }, stale, { because, nowMs: this.#options.nowMs(), tenant, key, refusals });
  }

  #serveStale(request: ReadRequest, refusal: Refusal, because: StaleBecause): ReadResult | null {
    const { entry, reason, changedTag } = refusal;
    if (!entry || !this.#mayServe(request, refusal, because)) return null;
    const level = this.#options.memory.get(this.#tenant, request.key) === entry ? 'L1' : 'L2';
    return { entry, status: 'STALE', level, reason, changedTag, because };
  }
}

const nothing = () => null;
