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

/** When an entry was first refused here: what has changed counts as expired from then on. */
const refusedAtMs = new WeakMap<Entry, number>();

/** Whether the policy lets a refused entry be served; what a purge or another history refuses never is. */
export function mayServeStale(
  { entry, reason }: Refused,
  policy: StalePolicy,
  { because, nowMs }: { because: StaleBecause; nowMs: number },
): boolean {
  const { whileRevalidateMs = 0, ifErrorMs = 0, whenChanged = 'never' } = policy;
  const isRevalidating = because === 'revalidating';
  const forChanged = whenChanged === 'always' || (whenChanged === 'on-error' && !isRevalidating);
  const hasChanged = reason === 'changed' || (reason === 'expired' && !isOfInstant(entry, nowMs));
  if (hasChanged ? !forChanged : !harmless.has(reason)) return false;
  if (reason !== 'expired' && !refusedAtMs.has(entry)) refusedAtMs.set(entry, nowMs);
  const expiredAtMs = Math.min(entry.expiresAtMs, refusedAtMs.get(entry) ?? Number.POSITIVE_INFINITY);
  const forMs = isRevalidating ? whileRevalidateMs : ifErrorMs;
  return nowMs >= entry.freshFromMs && nowMs < expiredAtMs + forMs;
}
