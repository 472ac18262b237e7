/** What a client may be told about an answer that is kept. */
export interface KeptAnswer {
  /** Quoted, of the body without its report. */
  readonly etag: string;
  /** Wall clock, milliseconds since 1970. */
  readonly storedAtMs: number;
  readonly ageMs: number;
  /** What remains of its time; 0 or less once it has expired. */
  readonly ttlMs: number;
  readonly scope: 'PUBLIC' | 'TENANT' | 'PRIVATE';
  /** Seconds for which a client may use it without asking; 0: it always asks. */
  readonly clientMaxAgeS: number;
  /** Whether another language might get another answer. */
  readonly variesByLocale: boolean;
}

/**
 * The headers by which browsers and proxies may keep an answer, and ask whether it still holds. By default they ask
 * every time (`no-cache`), which costs a look at what changed and, mostly, no body.
 */
export function clientCacheHeaders(answer: KeptAnswer): Record<string, string> {
  const { etag, storedAtMs, ageMs } = answer;
  return {
    ETag: etag,
    'Last-Modified': new Date(storedAtMs).toUTCString(),
    Age: String(Math.max(0, Math.floor(ageMs / 1000))),
    'Cache-Control': cacheControl(answer),
    Vary: varyOf(answer),
  };
}

/** `Accept` decides the media type, and who asks decides the answer unless it is the same for everybody. */
function varyOf({ scope, variesByLocale }: KeptAnswer): string {
  return [
    ...(scope === 'PUBLIC' ? [] : ['Authorization']),
    'Accept',
    ...(variesByLocale ? ['Accept-Language'] : []),
  ].join(', ');
}

/** Never for longer than the answer itself would be kept here. */
function cacheControl({ clientMaxAgeS, ttlMs, scope }: KeptAnswer): string {
  const forS = Math.min(clientMaxAgeS, Math.floor(ttlMs / 1000));
  const reach = scope === 'PUBLIC' ? 'public' : 'private';
  if (forS <= 0) return `${reach}, no-cache`;
  return reach === 'public' ? `public, max-age=${forS}, s-maxage=${forS}` : `private, max-age=${forS}`;
}
