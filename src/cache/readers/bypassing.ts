import type { CacheOptions, CacheReader, FindRequest, ReadRequest, ReadResult } from '../cache.ts';
import type { Tenant } from '../coherence/change-log.ts';
import { toEntry } from '../entry.ts';
import type { Level, MissReason } from '../events.ts';
import { SoftTimeout, withSoftTimeout } from './soft-timeout.ts';
import { tellMiss, withOutcome, type Why } from './outcome.ts';
import { mayServeStale, type Refusals, type Refused, type StaleBecause } from './stale.ts';

const defaultTimeoutMs = 250;

export interface BypassingOptions {
  /** Why nothing can be checked. */
  readonly reason: MissReason;
  /** Whether nothing older may be served, whatever a policy says. */
  readonly isExact: boolean;
  readonly refusals: Refusals;
}

/**
 * Where nothing can be checked (the log cannot be read, its history was renamed during the read), nothing is served
 * from the cache and nothing is kept. The data may still be readable; where it is not either, a policy may allow what
 * was last known.
 */
export class BypassingReader implements CacheReader {
  readonly epoch = null;
  readonly #options: CacheOptions;
  readonly #tenant: Tenant;
  readonly #reason: MissReason;
  readonly #isExact: boolean;
  readonly #refusals: Refusals;

  constructor(options: CacheOptions, tenant: Tenant, { reason, isExact, refusals }: BypassingOptions) {
    this.#options = options;
    this.#tenant = tenant;
    this.#reason = reason;
    this.#isExact = isExact;
    this.#refusals = refusals;
  }

  read(request: ReadRequest): Promise<ReadResult> {
    return withOutcome({ options: this.#options, tenant: this.#tenant }, request, (...asked) => this.answer(...asked));
  }

  /** What `read` answers, for those who tell the outcome themselves. */
  async answer(request: ReadRequest, why: Why): Promise<ReadResult> {
    const { refresh, compute } = request;
    const stale = refresh || this.#isExact ? undefined : request.stale;
    const reason = (why.reason = this.#reason);
    const making = compute({ primary: true, atLeast: 0 });
    making.catch(() => {}); // it may fail before anybody waits for it
    const isServable = stale && (await this.#lastKnown(request, 'timeout')) !== null;
    try {
      const timeoutMs = stale?.uncheckedTimeoutMs ?? defaultTimeoutMs;
      const computed = await (isServable ? withSoftTimeout(making, timeoutMs) : making);
      const entry = toEntry(computed, '', this.#options.nowMs());
      return { entry, status: 'BYPASS', level: null, reason, changedTag: null };
    } catch (error) {
      const because = error instanceof SoftTimeout ? 'timeout' : 'error';
      const isFailure = because === 'timeout' || (stale?.isFailure?.(error) ?? true);
      const lastKnown = stale && isFailure && (await this.#lastKnown(request, because));
      if (!lastKnown) throw error;
      return { ...lastKnown, status: 'STALE', changedTag: null, because };
    }
  }

  glance(): null {
    return null;
  }

  async find(request: FindRequest): Promise<null> {
    tellMiss(this.#options.emit, this.#tenant, request, this.#reason);
    return null;
  }

  keep(): void {}

  async snapshot(): Promise<null> {
    return null;
  }

  /** What was known when the log could last be read, where the policy allows that. */
  async #lastKnown({ key, stale }: ReadRequest, because: StaleBecause): Promise<(Refused & { level: Level }) | null> {
    const { memory, remote, tags, nowMs } = this.#options;
    if (!stale) return null;
    const local = memory.get(this.#tenant, key);
    const entry = local ?? (await remote?.get(this.#tenant, key)) ?? null;
    if (!entry) return null;
    const refusal = tags.refusal(this.#tenant, entry);
    const changed = tags.wasPurged(this.#tenant, entry) ? 'purged' : 'changed';
    const reason = !refusal ? 'unreachable' : refusal.reason === 'tag' ? changed : refusal.reason;
    const refused = { entry, reason } as const;
    const asked = { because, nowMs: nowMs(), tenant: this.#tenant, key, refusals: this.#refusals } as const;
    if (!mayServeStale(refused, stale, asked)) return null;
    return { ...refused, level: local ? 'L1' : 'L2' };
  }
}
