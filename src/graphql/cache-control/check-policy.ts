import type { CacheControl, FieldCacheControl } from './policy.ts';

const times = ['maxAge', 'staleWhileRevalidate', 'staleIfError', 'clientMaxAge'] as const;
/** What says how a value is served beyond its `maxAge`, or instead of asking for it. */
const besideMaxAge = ['staleWhileRevalidate', 'staleIfError', 'clientMaxAge'] as const;
const scopes: readonly unknown[] = ['PUBLIC', 'TENANT', 'PRIVATE'];
/** What the directive's Int can say. */
const longestSeconds = 2 ** 31 - 1;

/** Fails, while the schema is built, where a policy contradicts itself: with the coordinate and what to write. */
export function checkPolicy(policy: FieldCacheControl, coordinate: string): void {
  const problem = problemOf(policy);
  if (problem) throw new Error(`The cacheControl of ${coordinate} cannot be: ${problem}`);
}

function problemOf(policy: FieldCacheControl): string | undefined {
  const wrongTime = times.find((name) => !isTime(policy[name]));
  if (wrongTime) {
    return `${wrongTime} is ${String(policy[wrongTime])}. Write whole seconds from 0 to ${longestSeconds}.`;
  }
  if (policy.scope !== undefined && !scopes.includes(policy.scope)) {
    return `scope is ${policy.scope as string}. Write PUBLIC, TENANT or PRIVATE.`;
  }
  return contradiction(policy);
}

function contradiction({ maxAge, inheritMaxAge, staleWhenChanged, ...policy }: CacheControl): string | undefined {
  if (inheritMaxAge && maxAge !== undefined) {
    return 'it has a maxAge and inherits one. Leave out inheritMaxAge, or maxAge.';
  }
  const beside = besideMaxAge.find((name) => policy[name] !== undefined);
  if (beside && maxAge === undefined) {
    return `${beside} goes with a maxAge of its own. Say maxAge too, or leave out ${beside}.`;
  }
  if (maxAge !== undefined && (policy.clientMaxAge ?? 0) > maxAge) {
    return `clients would keep it for ${policy.clientMaxAge} s, longer than the server. Write a clientMaxAge of at most ${maxAge}.`;
  }
  if (staleWhenChanged && !policy.staleWhileRevalidate) {
    return 'staleWhenChanged widens staleWhileRevalidate. Say for how many seconds with staleWhileRevalidate, or leave it out.';
  }
  return undefined;
}

function isTime(value: unknown): boolean {
  if (value === undefined) return true;
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= longestSeconds;
}
