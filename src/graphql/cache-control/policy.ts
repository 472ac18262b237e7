export type CacheScope = 'PUBLIC' | 'TENANT' | 'PRIVATE';

/** How long an answer may be kept, at most, where nothing it depends on changes. All numbers are whole seconds. */
export interface CacheControl {
  /** Seconds; 0: an answer that contains this is not kept. @default its parent's for a scalar, else 0 */
  maxAge?: number;
  /** Who may share it, at most: what the answer was seen to depend on narrows it further. @default 'TENANT' */
  scope?: CacheScope;
  /** Goes by the parent's `maxAge` instead of having one. @default false; true for types where the builder says so */
  inheritMaxAge?: boolean;
  /** Seconds after expiry for which it is still served, marked STALE, while one refresh runs. @default 0 */
  staleWhileRevalidate?: number;
  /** Seconds after expiry, or a change, for which the last good value answers where making it anew fails. @default 0 */
  staleIfError?: number;
  /** Seconds for which browsers, and CDNs where it is PUBLIC, may answer without asking the server. @default 0 */
  clientMaxAge?: number;
  /**
   * Whether `staleWhileRevalidate` also covers a value whose data has changed, not only one that has expired. It is
   * then older than a change that was acknowledged, and marked STALE. Not part of the directive. @default false
   */
  staleWhenChanged?: boolean;
}

/** What a field may say beside. */
export interface FieldCacheControl extends CacheControl {
  /** Its resolver may say more once it knows the result: `cacheControlFromInfo(info).setCacheHint(…)`. @default false */
  dynamic?: boolean;
}

/** Over `policy`, what `by` says; what it leaves unsaid stays. */
export function replaced<Policy extends CacheControl>(policy: Policy, by: CacheControl): Policy {
  const said = Object.entries(by).filter(([, value]) => value !== undefined);
  return said.length === 0 ? policy : { ...policy, ...Object.fromEntries(said) };
}
