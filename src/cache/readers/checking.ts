import type { CacheOptions, CacheReader, Computed, FindRequest, ReadRequest, ReadResult } from '../cache.ts';
import type { Seq, Tenant } from '../coherence/change-log.ts';
import type { History } from '../coherence/history.ts';
import { toEntry, type Entry } from '../entry.ts';
import type { Level } from '../events.ts';
import type { Flights } from '../flight.ts';
import { BypassingReader } from './bypassing.ts';

type Refusal = Pick<ReadResult, 'changedTag'> & { readonly reason: NonNullable<ReadResult['reason']> };
type Lookup = { readonly hit: Entry; readonly level: Level } | (Refusal & { readonly hit: null });

const absent: Refusal = { reason: 'absent', changedTag: null };

export interface CheckingReaderParts {
  readonly options: CacheOptions;
  readonly flights: Flights<ReadResult>;
  readonly history: History;
  readonly tenant: Tenant;
  /** The history the read began in. */
  readonly epoch: string;
  /** What this reader is entitled to: it may join no flight that began with less. */
  readonly required: Seq;
}

/** Serves what passes the check against the change log, and computes the rest. */
export class CheckingReader implements CacheReader {
  readonly #parts: CheckingReaderParts;
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;

  constructor(parts: CheckingReaderParts) {
    this.#parts = parts;
    this.#options = parts.options;
    this.#tenant = parts.tenant;
  }

  async read(request: ReadRequest): Promise<ReadResult> {
    const { flights, epoch, required } = this.#parts;
    const { emit, tags } = this.#options;
    const looking = this.#lookUpLocal(request);
    // No turn of the event loop between a miss and joining: a flight that lands in between would be flown twice.
    const local = looking instanceof Promise ? await looking : looking;
    if (local.hit) return this.#serve(request, local);
    // Positions of one history mean nothing in another.
    if (tags.epoch !== epoch) return new BypassingReader(this.#options, this.#tenant, 'epoch').read(request);
    // Flights of two tenants or two histories never meet, whatever their keys.
    const flightKey = JSON.stringify([epoch, this.#tenant, request.key]);
    const joined = request.refresh ? undefined : flights.join(flightKey, required);
    if (!joined) {
      const knownAt = Math.max(required, tags.applied(this.#tenant) ?? 0);
      return flights.start(flightKey, knownAt, () => this.#fly(request, local, knownAt));
    }
    emit({ type: 'flight-join', tenant: this.#tenant, operation: request.operation });
    const landed = await joined;
    this.#tell(request, landed);
    return landed;
  }

  async find(request: FindRequest): Promise<Entry | null> {
    const local = await this.#lookUpLocal(request);
    const found = local.hit ? local : await this.#lookUpRemote(request, local);
    if (found.hit) return this.#serve(request, found).entry;
    this.#options.emit({ type: 'miss', tenant: this.#tenant, operation: request.operation, reason: found.reason });
    return null;
  }

  keep(request: FindRequest, computed: Omit<Computed, 'stamp'>): void {
    const { epoch, required } = this.#parts;
    if (computed.ttlMs <= 0) return;
    this.#store(request, toEntry({ ...computed, stamp: required }, epoch, this.#options.nowMs()));
  }

  /** The second level, then the computation: one of each for everybody who waits for the same. */
  async #fly(request: ReadRequest, local: Refusal, knownAt: Seq): Promise<ReadResult> {
    const found = request.refresh ? { hit: null, ...local } : await this.#lookUpRemote(request, local);
    if (found.hit) return this.#serve(request, found);
    const { reason, changedTag } = found;
    const missed = { status: 'MISS', level: null, reason, changedTag } as const;
    this.#tell(request, missed);
    let computed = await request.compute({ primary: false });
    if (computed.stamp < knownAt) computed = await request.compute({ primary: true }); // a lagging replica
    // Of the history that was known before its data was read: should that be over by now, the entry is refused.
    const entry = toEntry(computed, this.#parts.epoch, this.#options.nowMs());
    if (computed.ttlMs > 0) this.#store(request, entry);
    return { entry, ...missed };
  }

  #lookUpLocal(request: FindRequest & { refresh?: boolean }): Lookup | Promise<Lookup> {
    if (request.refresh) return { hit: null, reason: 'refresh', changedTag: null };
    const entry = this.#options.memory.get(this.#tenant, request.key);
    if (!entry) return { hit: null, ...absent };
    const judged = this.#check(request, 'L1', entry);
    return judged instanceof Promise
      ? judged.then((refusal) => this.#settleLocal(request, entry, refusal))
      : this.#settleLocal(request, entry, judged);
  }

  #settleLocal({ key }: FindRequest, entry: Entry, refusal: Refusal | null): Lookup {
    const { memory } = this.#options;
    if (!refusal) return { hit: entry, level: 'L1' };
    if (memory.get(this.#tenant, key) === entry) memory.delete(this.#tenant, key);
    return { hit: null, ...refusal };
  }

  async #lookUpRemote(request: FindRequest, local: Refusal): Promise<Lookup> {
    const { memory, remote } = this.#options;
    const entry = (await remote?.get(this.#tenant, request.key)) ?? null;
    if (!entry) return { hit: null, ...local };
    const refusal = await this.#check(request, 'L2', entry);
    if (refusal) return { hit: null, ...refusal };
    memory.set(this.#tenant, request.key, entry);
    return { hit: entry, level: 'L2' };
  }

  /** Why an entry may not be served; null where it may. Waits only for what is newer than anything known here. */
  #check(request: FindRequest, level: Level, entry: Entry): Refusal | null | Promise<Refusal | null> {
    const { history } = this.#parts;
    const { coherence, emit } = this.#options;
    if (!history.isAhead(this.#tenant, entry)) return this.#judge(request, level, entry);
    const settled = history
      .settle(this.#tenant, entry)
      .catch((error: unknown) => emit({ type: 'error', where: 'epoch', error }));
    if (coherence.mode === 'bounded') return this.#judge(request, level, entry);
    return settled.then(() =>
      history.isAhead(this.#tenant, entry) ? { reason: 'ahead', changedTag: null } : this.#judge(request, level, entry),
    );
  }

  #judge({ operation }: FindRequest, level: Level, entry: Entry): Refusal | null {
    const { tags, nowMs, emit } = this.#options;
    const refusal = tags.refusal(this.#tenant, entry);
    if (!refusal) return entry.expiresAtMs <= nowMs() ? { reason: 'expired', changedTag: null } : null;
    const changedTag = refusal.reason === 'tag' ? refusal.tag : null;
    emit({ type: 'stale-refused', tenant: this.#tenant, operation, level, tag: changedTag });
    return { reason: refusal.reason === 'tag' ? 'changed' : refusal.reason, changedTag };
  }

  #serve(request: FindRequest, { hit, level }: Lookup & { hit: Entry }): ReadResult {
    const result = { entry: hit, status: 'HIT', level, reason: null, changedTag: null } as const;
    this.#tell(request, result);
    return result;
  }

  #tell({ operation }: FindRequest, result: Pick<ReadResult, 'level' | 'reason'> & { entry?: Entry }): void {
    const { emit, nowMs } = this.#options;
    const { entry, level, reason } = result;
    if (reason) return emit({ type: 'miss', tenant: this.#tenant, operation, reason });
    if (!entry || !level) return;
    const ageMs = Math.max(0, nowMs() - entry.storedAtMs);
    emit({ type: 'hit', tenant: this.#tenant, operation, level, bytes: entry.body.byteLength, ageMs });
  }

  /** Unconditionally: an entry that was overtaken while it was made carries an old stamp and loses when it is checked. */
  #store({ key, operation }: FindRequest, entry: Entry): void {
    const { memory, remote, emit } = this.#options;
    const tenant = this.#tenant;
    const stored = { type: 'store', tenant, operation, bytes: entry.body.byteLength, tags: entry.tags.length } as const;
    memory.set(tenant, key, entry);
    emit({ ...stored, level: 'L1' });
    // Nobody waits for the second level: the entry is right whether it arrives or not.
    void remote?.set(tenant, key, entry).then((done) => done && emit({ ...stored, level: 'L2' }));
  }
}
