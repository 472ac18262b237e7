import type { Tenant } from '../coherence/change-log.ts';
import { isOfInstant, type Entry } from '../entry.ts';
import type { MissReason } from '../events.ts';

/** When a read may be answered with something older, which then says so. Never a read that carries a token. */
export interface StalePolicy {
  /** How long past its expiry a value is served while it is made anew, in milliseconds. @default 0 */
  whileRevalidateMs?: number;
  /** How long past its expiry a value is served where it cannot be made, in milliseconds. @default 0 */
  ifErrorMs?: number;
  /** Whether that goes for values whose data, or whose day, is known to have changed, too. @default 'never' */
  whenChanged?: 'never' | 'on-error' | 'always';
  /** How long those wait who could be served something older, in milliseconds; making it goes on. @default 2000 */
  softTimeoutMs?: number;
  /** The same where nothing can be checked: that has been waited for already. @default 250 */
  uncheckedTimeoutMs?: number;
  /** Which rejections mean that a value could not be made; the others are answers. @default all */
  isFailure?: (error: unknown) => boolean;
}

export type StaleBecause = 'revalidating' | 'error' | 'timeout';

/** An entry that may not be served as if it were fresh, and why. */
export interface Refused {
  readonly entry: Entry;
  readonly reason: MissReason;
}

/** Reasons that say nothing worse than that time has passed, or that nobody can tell whether the data has changed. */
const harmless = new Set<MissReason>(['expired', 'soft-purge', 'unreachable']);

/** Entries remembered as refused; the oldest are forgotten first. */
const maxRefused = 10_000;

/** When entries were first refused here, whichever copy of them: what has changed counts as expired from then on. */
export class Refusals {
  readonly #atMs = new Map<string, number>();

  /** Wall clock, milliseconds since 1970: now, where it was not refused before. */
  firstAtMs(id: string, nowMs: number): number {
    const known = this.#atMs.get(id);
    if (known !== undefined) return known;
    this.#atMs.set(id, nowMs);
    const [oldest] = this.#atMs.keys();
    if (this.#atMs.size > maxRefused && oldest !== undefined) this.#atMs.delete(oldest);
    return nowMs;
  }

  /** It proved to be valid after all: what could not be checked for a while had not changed. */
  forget(tenant: Tenant, key: string, entry: Entry): void {
    if (this.#atMs.size > 0) this.#atMs.delete(idOf(tenant, key, entry));
  }
}

function idOf(tenant: Tenant, key: string, { stamp, storedAtMs }: Entry): string {
  return `${key} ${stamp} ${storedAtMs} ${tenant}`;
}

export interface StaleAsked {
  readonly because: StaleBecause;
  readonly nowMs: number;
  readonly tenant: Tenant;
  readonly key: string;
  readonly refusals: Refusals;
}

/** Whether the policy lets a refused entry be served; what a purge or another history refuses never is. */
export function mayServeStale(
  { entry, reason }: Refused,
  policy: StalePolicy,
  { because, nowMs, tenant, key, refusals }: StaleAsked,
): boolean {
  const { whileRevalidateMs = 0, ifErrorMs = 0, whenChanged = 'never' } = policy;
  const isRevalidating = because === 'revalidating';
  const forChanged = whenChanged === 'always' || (whenChanged === 'on-error' && !isRevalidating);
  const hasChanged = reason === 'changed' || (reason === 'expired' && !isOfInstant(entry, nowMs));
  if (hasChanged ? !forChanged : !harmless.has(reason)) return false;
  const refusedAtMs = reason === 'expired' ? entry.expiresAtMs : refusals.firstAtMs(idOf(tenant, key, entry), nowMs);
  const expiredAtMs = Math.min(entry.expiresAtMs, refusedAtMs);
  const forMs = isRevalidating ? whileRevalidateMs : ifErrorMs;
  return nowMs >= entry.freshFromMs && nowMs < expiredAtMs + forMs;
}
