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
  return new HintsOfRun();
}

class HintsOfRun implements CacheHints {
  readonly #opened = new Map<string, FieldCacheHint[]>();

  get isEmpty(): boolean {
    return this.#opened.size === 0;
  }

  of(coordinate: string): readonly CacheHint[] {
    return this.#opened.get(coordinate)?.map(({ cacheHint }) => cacheHint) ?? [];
  }

  open(coordinate: string): FieldCacheHint {
    const hint = new HintOfField();
    const others = this.#opened.get(coordinate);
    if (others) others.push(hint);
    else this.#opened.set(coordinate, [hint]);
    return hint;
  }
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

class HintOfField implements FieldCacheHint {
  cacheHint: CacheHint = {};

  readonly setCacheHint = (hint: CacheHint): void => {
    const whole = Object.entries(hint).map(([name, value]) => [
      name,
      typeof value === 'number' ? wholeSeconds(value) : value,
    ]);
    this.cacheHint = replaced(this.cacheHint, Object.fromEntries(whole));
  };
}

/** What the directive's Int can say. */
const longestSeconds = 2 ** 31 - 1;

function wholeSeconds(seconds: number): number {
  return seconds > 0 ? Math.floor(Math.min(seconds, longestSeconds)) : 0;
}
