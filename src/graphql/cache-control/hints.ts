import type { GraphQLResolveInfo } from 'graphql';
import { replaced, type CacheControl } from './policy.ts';

/** What a resolver says about its result: it replaces what the schema says of the field, as far as it goes. */
export type CacheHint = Pick<
  CacheControl,
  'maxAge' | 'scope' | 'staleWhileRevalidate' | 'staleIfError' | 'clientMaxAge'
>;

/** What the resolvers of one run have said, by coordinate: one hint for each time such a field was resolved. */
export interface CacheHints {
  /** Whether no field that may say anything was resolved. */
  readonly isEmpty: boolean;
  of(coordinate: string): readonly CacheHint[];
  /** Opens the hint of one field that is about to be resolved; empty unless its resolver says something. */
  open(coordinate: string): FieldCacheHint;
}

/** How one resolver speaks about its result. */
export interface FieldCacheHint {
  readonly cacheHint: CacheHint;
  /**
   * Says how long this result may be kept, and by whom; a second call adds to the first. Times are seconds: fractions
   * are cut off, and what is negative or no number means 0.
   */
  setCacheHint(hint: CacheHint): void;
}

export function createCacheHints(): CacheHints {
  const opened = new Map<string, FieldCacheHint[]>();
  return {
    get isEmpty() {
      return opened.size === 0;
    },
    of: (coordinate) => opened.get(coordinate)?.map(({ cacheHint }) => cacheHint) ?? [],
    open(coordinate) {
      const hint = createFieldHint();
      const others = opened.get(coordinate);
      if (others) others.push(hint);
      else opened.set(coordinate, [hint]);
      return hint;
    },
  };
}

/** The hint of the field that is being resolved. Only a field that declares `dynamic` has one. */
export function cacheControlFromInfo(info: GraphQLResolveInfo): FieldCacheHint {
  const { cacheControl } = info as WithCacheControl;
  if (cacheControl) return cacheControl;
  const coordinate = `${info.parentType.name}.${info.fieldName}`;
  throw new Error(`${coordinate} sets a cache hint: declare it with cacheControl: { dynamic: true }.`);
}

/** Where Apollo's users look for it. */
export interface WithCacheControl {
  cacheControl?: FieldCacheHint;
}

function createFieldHint(): FieldCacheHint {
  let cacheHint: CacheHint = {};
  return {
    get cacheHint() {
      return cacheHint;
    },
    setCacheHint(hint) {
      const whole = Object.entries(hint).map(([name, value]) => [
        name,
        typeof value === 'number' ? wholeSeconds(value) : value,
      ]);
      cacheHint = replaced(cacheHint, Object.fromEntries(whole));
    },
  };
}

/** What the directive's Int can say. */
const longestSeconds = 2 ** 31 - 1;

function wholeSeconds(seconds: number): number {
  return seconds > 0 ? Math.floor(Math.min(seconds, longestSeconds)) : 0;
}
