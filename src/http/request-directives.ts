import type { IncomingHttpHeaders } from 'node:http';

/** What a request asks of the cache: its `Cache-Control` (RFC 9111, 5.2.1). */
export interface RequestDirectives {
  /** `no-cache`: compute afresh, and keep the result. */
  readonly noCache: boolean;
  /** `no-store`: compute afresh, and leave no trace. */
  readonly noStore: boolean;
  /** `only-if-cached`: answer from the cache or not at all. */
  readonly onlyIfCached: boolean;
  /** `max-age`: refresh what is older than so many seconds; null without one. */
  readonly maxAgeS: number | null;
}

/** What a request without the header asks for: nothing. */
export const noDirectives: RequestDirectives = Object.freeze({
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeS: null,
});

const directive = /([\w!#$%&'*+.^`|~-]+)(?:=(?:"([^"]*)"|([^\s,;"]*)))?/g;

/**
 * Reads the directives of a request. Names this cache does not know are passed over, as the RFC asks; a `max-age` that
 * is no number of seconds is taken for 0, the careful reading. `Pragma` is not looked at.
 */
export function requestDirectives(headers: IncomingHttpHeaders): RequestDirectives {
  const field = headers['cache-control'];
  if (!field) return noDirectives;
  const names = new Set<string>();
  let maxAgeS: number | null = null;
  for (const [, name = '', quoted, plain] of field.matchAll(directive)) {
    const known = name.toLowerCase();
    names.add(known);
    if (known === 'max-age') maxAgeS = Math.min(maxAgeS ?? Infinity, secondsOf(quoted ?? plain));
  }
  return {
    noCache: names.has('no-cache'),
    noStore: names.has('no-store'),
    onlyIfCached: names.has('only-if-cached'),
    maxAgeS,
  };
}

/** More than can be counted is as much as the RFC counts (1.2.2). */
function secondsOf(text = ''): number {
  return /^\d+$/.test(text) ? Math.min(Number(text), 2 ** 31) : 0;
}
