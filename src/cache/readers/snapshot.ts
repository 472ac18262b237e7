import type { CacheOptions, FindRequest, MakeRequest, SnapshotReader } from '../cache.ts';
import type { Seq, Tenant } from '../coherence/change-log.ts';
import { isOfInstant, toEntry, type Entry } from '../entry.ts';
import type { Level } from '../events.ts';
import type { Flights } from '../flight.ts';
import { askedFor } from './asked-for.ts';
import { storeEntry, tellHit } from './levels.ts';
import { tellMiss } from './outcome.ts';

export interface SnapshotParts {
  readonly options: CacheOptions;
  readonly flights: Flights<Entry>;
  readonly tenant: Tenant;
  readonly epoch: string;
  readonly stamp: Seq;
  /** Wall clock, milliseconds since 1970. */
  readonly atMs: number;
}

/** Finds what one snapshot of the data gives at one instant: neither older nor newer than that. */
export class CheckedSnapshot implements SnapshotReader {
  readonly #parts: SnapshotParts;
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.#options = parts.options;
    this.#tenant = parts.tenant;
  }

  async find(requests: readonly FindRequest[]): Promise<(Entry | null)[]> {
    const { memory, remote } = this.#options;
    const found = requests.map((request) => {
      const entry = memory.get(this.#tenant, request.key);
      return entry && this.#holds(entry) ? this.#serve(request, entry, 'L1') : null;
    });
    const missing = requests.flatMap((_, index) => (found[index] ? [] : [index]));
    if (missing.length === 0) return found;
    const keys = missing.map((index) => requests[index]?.key ?? '');
    const fetched = (await remote?.getMany(this.#tenant, keys)) ?? [];
    for (const [position, index] of missing.entries()) {
      const [entry, request] = [fetched[position], requests[index]];
      if (!request) continue;
      if (entry && this.#holds(entry)) {
        memory.set(this.#tenant, request.key, entry);
        found[index] = this.#serve(request, entry, 'L2');
      } else {
        tellMiss(this.#options.emit, this.#tenant, request, 'absent');
      }
    }
    return found;
  }

  async make(request: MakeRequest): Promise<Entry> {
    const { flights, epoch, stamp } = this.#parts;
    const flightKey = JSON.stringify([epoch, this.#tenant, request.key]);
    const joined = request.refresh ? undefined : flights.join(flightKey, 0);
    if (!joined) return flights.start(flightKey, stamp, () => this.#make(request));
    // Of another snapshot: taken only where this one would have given the same. Whoever made it may have been told to stop.
    const theirs = await joined.catch(() => null);
    if (!theirs || !this.#holds(theirs)) return this.#make(request);
    this.#options.emit({ type: 'flight-join', ...askedFor(this.#tenant, request) });
    return theirs;
  }

  async #make(request: MakeRequest): Promise<Entry> {
    const { options, stamp, epoch } = this.#parts;
    const computed = await request.compute();
    const entry = toEntry({ ...computed, stamp }, epoch, options.nowMs());
    storeEntry(options, this.#tenant, request, entry);
    return entry;
  }

  /** Whether nothing it depends on has changed between it and the snapshot, whichever came first. */
  #holds(entry: Entry): boolean {
    const { tags, nowMs } = this.#options;
    const { epoch, stamp, atMs } = this.#parts;
    if (tags.epoch !== epoch || entry.stamp > (tags.applied(this.#tenant) ?? -1)) return false;
    const common = { epoch: entry.epoch, stamp: Math.min(entry.stamp, stamp), tags: entry.tags };
    if (tags.refusal(this.#tenant, common) || tags.softPurge(this.#tenant, entry)) return false;
    // Of the instant that the answer is made for, not of the one it is by now.
    return isOfInstant(entry, atMs) && nowMs() < entry.expiresAtMs;
  }

  #serve(request: FindRequest, entry: Entry, level: Level): Entry {
    tellHit(this.#options, this.#tenant, request, { entry, level });
    return entry;
  }
}
