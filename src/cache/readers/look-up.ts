import type { CacheOptions, FindRequest } from '../cache.ts';
import type { Tag, Tenant } from '../coherence/change-log.ts';
import type { History } from '../coherence/history.ts';
import type { Entry } from '../entry.ts';
import type { Level, MissReason } from '../events.ts';
import { askedFor } from './asked-for.ts';

export interface Hit {
  readonly hit: Entry;
  readonly level: Level;
}

/** `entry`: what was found and may not be served as if it were fresh. */
export interface Refusal {
  readonly reason: MissReason;
  readonly changedTag: Tag | null;
  readonly entry: Entry | null;
}

export type Lookup = Hit | (Refusal & { readonly hit: null });

/** Of what it takes to make an entry: how much earlier than its expiry it could be made anew, but for one time in 10^9. */
const earliestRenewal = 21;

export const absent: Refusal = { reason: 'absent', changedTag: null, entry: null };

/** Finds entries in both levels, and checks each against the change log. */
export class LookUp {
  readonly #options: CacheOptions;
  readonly #history: History;
  readonly #tenant: Tenant;

  constructor({ options, history, tenant }: { options: CacheOptions; history: History; tenant: Tenant }) {
    this.#options = options;
    this.#history = history;
    this.#tenant = tenant;
  }

  /** What the first level has and may be served as it is: looked at, and left alone where it may not. */
  glance({ key }: FindRequest): Entry | null {
    const { memory, tags, nowMs } = this.#options;
    const entry = memory.get(this.#tenant, key);
    if (!entry || this.#history.isAhead(this.#tenant, entry) || tags.refusal(this.#tenant, entry)) return null;
    const now = nowMs();
    const mayBeRenewed = now + entry.costMs * earliestRenewal >= entry.expiresAtMs;
    if (now < entry.freshFromMs || mayBeRenewed || tags.softPurge(this.#tenant, entry)) return null;
    return entry;
  }

  /** The first level: at once, unless an entry is newer than anything known here. */
  local(request: FindRequest & { refresh?: boolean }): Lookup | Promise<Lookup> {
    if (request.refresh) return { hit: null, ...absent, reason: 'refresh' };
    const entry = this.#options.memory.get(this.#tenant, request.key);
    if (!entry) return { hit: null, ...absent };
    const judged = this.#check(request, 'L1', entry);
    return judged instanceof Promise
      ? judged.then((refusal) => this.#settleLocal(request, entry, refusal))
      : this.#settleLocal(request, entry, judged);
  }

  #settleLocal({ key }: FindRequest, entry: Entry, refusal: Refusal | null): Lookup {
    const { memory, nowMs } = this.#options;
    if (!refusal) return { hit: entry, level: 'L1' };
    const isKept = entry.staleForMs > 0 && nowMs() < entry.expiresAtMs + entry.staleForMs;
    if (!isKept && memory.get(this.#tenant, key) === entry) memory.delete(this.#tenant, key);
    return { hit: null, ...refusal };
  }

  /** The second level. `local`: why the first one has nothing. */
  async remote(request: FindRequest, local: Refusal): Promise<Lookup> {
    const { memory, remote } = this.#options;
    const entry = (await remote?.get(this.#tenant, request.key)) ?? null;
    if (!entry) return { hit: null, ...local };
    const refusal = await this.#check(request, 'L2', entry);
    if (refusal) return { hit: null, ...(local.entry ? local : refusal) };
    memory.set(this.#tenant, request.key, entry);
    return { hit: entry, level: 'L2' };
  }

  /** Why an entry may not be served; null where it may. Waits only for what is newer than anything known here. */
  #check(request: FindRequest, level: Level, entry: Entry): Refusal | null | Promise<Refusal | null> {
    const { coherence, emit } = this.#options;
    const history = this.#history;
    if (!history.isAhead(this.#tenant, entry)) return this.#judge(request, level, entry);
    const settled = history
      .settle(this.#tenant, entry)
      .catch((error: unknown) => emit({ type: 'error', where: 'epoch', error }));
    if (coherence.mode === 'bounded') return this.#judge(request, level, entry);
    return settled.then(() =>
      history.isAhead(this.#tenant, entry)
        ? { reason: 'ahead', changedTag: null, entry: null }
        : this.#judge(request, level, entry),
    );
  }

  #judge(request: FindRequest, level: Level, entry: Entry): Refusal | null {
    const { tags, nowMs, emit } = this.#options;
    const refusal = tags.refusal(this.#tenant, entry);
    if (!refusal) {
      const now = nowMs();
      if (now < entry.freshFromMs || now >= entry.expiresAtMs) return { reason: 'expired', changedTag: null, entry };
      return tags.softPurge(this.#tenant, entry) ? { reason: 'soft-purge', changedTag: null, entry } : null;
    }
    const changedTag = refusal.reason === 'tag' ? refusal.tag : null;
    emit({ type: 'stale-refused', ...askedFor(this.#tenant, request), level, tag: changedTag });
    const changed = tags.wasPurged(this.#tenant, entry) ? 'purged' : 'changed';
    return { reason: refusal.reason === 'tag' ? changed : refusal.reason, changedTag, entry };
  }
}
