import type { CacheControl } from '../cache-control/policy.ts';

/** What the schema says about the answer to one operation. All times are whole seconds. */
export interface CachePlan {
  /** Seconds it may be kept; 0: not at all. */
  readonly maxAgeS: number;
  /** Whether it could be kept after all, once resolvers have said what they know: false means that nothing can. */
  readonly canBeKept: boolean;
  /** Whether something selected belongs to the viewer alone. */
  readonly isPrivate: boolean;
  /** Whether everything selected is declared PUBLIC. */
  readonly isPublic: boolean;
  /** The coordinate that set `maxAgeS`: `Query.dashboard`, `Dashboard` for a type; null where nothing did. */
  readonly decidedBy: string | null;
  /** The coordinate that made it PRIVATE; null where none did. */
  readonly scopeDecidedBy: string | null;
  /** Seconds after expiry for which it may be served while it is made anew; 0: not at all. */
  readonly staleWhileRevalidateS: number;
  /** Seconds after expiry for which it may be served where making it anew fails; 0: not at all. */
  readonly staleIfErrorS: number;
  /** Seconds for which clients may keep it without asking, at most `maxAgeS`; 0: they always ask. */
  readonly clientMaxAgeS: number;
  /** Whether it may be served for `staleWhileRevalidateS` even where its data has changed. */
  readonly staleWhenChanged: boolean;
  /** All that had a say, in the order of the document. */
  readonly policies: readonly CoordinatePolicy[];
}

/** What one selected field says about the answer. */
export interface CoordinatePolicy {
  /** The field, on the object type that it is resolved on: `Query.dashboard`. */
  readonly coordinate: string;
  /** What the field says over what its type says. */
  readonly policy: CacheControl;
  /** Where `maxAge` is written: this field, its type, or a type that an interface or union may turn out to be. */
  readonly maxAgeSetBy: string | null;
  /** Where `scope` is written. */
  readonly scopeSetBy: string | null;
  /** Whether it is not kept unless it says so: a root field, and an object that does not inherit. */
  readonly needsMaxAge: boolean;
  /** Whether its resolver may say more. */
  readonly isDynamic: boolean;
}

const windows = ['staleWhileRevalidate', 'staleIfError', 'clientMaxAge'] as const;

/**
 * Each says as much as its strictest: the least `maxAge`, PRIVATE as soon as one is. Whoever sets a `maxAge` speaks for
 * the other times as well: one that it leaves out is 0. So an answer is served stale only where everything that limits
 * how long it is fresh allows it.
 */
export function combined(policies: readonly CoordinatePolicy[], isPublic: boolean): CachePlan {
  const limiting = policies.flatMap((said) => {
    const maxAge = said.policy.maxAge ?? (said.needsMaxAge ? 0 : undefined);
    return maxAge === undefined ? [] : [{ ...said, maxAge }];
  });
  const strictest = limiting.reduce<(typeof limiting)[number] | undefined>(
    (least, said) => (least && least.maxAge <= said.maxAge ? least : said),
    undefined,
  );
  const maxAgeS = strictest?.maxAge ?? 0;
  const personal = policies.find(({ policy }) => policy.scope === 'PRIVATE');
  const leastOf = (name: (typeof windows)[number]) =>
    maxAgeS === 0 ? 0 : Math.min(...limiting.map(({ policy }) => policy[name] ?? 0));
  const staleWhileRevalidateS = leastOf('staleWhileRevalidate');
  return {
    maxAgeS,
    canBeKept: limiting.length > 0 && limiting.every(({ maxAge, isDynamic }) => maxAge > 0 || isDynamic),
    isPrivate: personal !== undefined,
    isPublic: isPublic && limiting.length > 0 && !personal,
    decidedBy: strictest ? (strictest.maxAgeSetBy ?? strictest.coordinate) : null,
    scopeDecidedBy: personal?.scopeSetBy ?? null,
    staleWhileRevalidateS,
    staleIfErrorS: leastOf('staleIfError'),
    clientMaxAgeS: Math.min(leastOf('clientMaxAge'), maxAgeS),
    staleWhenChanged: staleWhileRevalidateS > 0 && limiting.every(({ policy }) => policy.staleWhenChanged === true),
    policies,
  };
}
