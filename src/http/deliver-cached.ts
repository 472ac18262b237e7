import { cacheTagHeader, type CacheTagOptions } from './cache-tags.ts';
import { clientCacheHeaders } from './client-cache-headers.ts';
import { etagOf } from './etag.ts';
import type { CachedBytes } from './cached-result.ts';
import type { Reply } from './reply.ts';

export interface Delivery {
  cached: CachedBytes;
  /** Whether the body has the report in it. */
  tellsCache: boolean;
  /** What tags for a CDN are made of, should everybody get this answer; null: no CDN keeps it. */
  tagged: CacheTagOptions | null;
}

/**
 * The reply made of ready bytes. Its entity tag is of the body without the report, which is another each time: with the
 * report switched off it is the hash of the very bytes that are sent.
 */
export function deliverCached({ cached, tellsCache, tagged }: Delivery): Pick<Reply, 'headers' | 'etag' | 'body'> {
  const { bytes, report } = cached;
  const body = () => Buffer.concat([opening, bytes, tellsCache ? reported(report) : closing]);
  if (report.status === 'BYPASS') return { headers: {}, etag: null, body };
  const { etag } = cached;
  const headers = clientCacheHeaders({
    etag,
    storedAtMs: cached.storedAtMs,
    ageMs: report.ageMs,
    ttlMs: report.ttlMs,
    scope: report.scope,
    clientMaxAgeS: cached.policy.clientMaxAgeS,
    variesByLocale: cached.variesByLocale,
  });
  if (tagged && report.scope === 'PUBLIC') headers['Cache-Tag'] = cacheTagHeader(tagged);
  return { headers, etag, body };
}

/** The entity tag of an answer whose `data` is this JSON. */
export function answerEtag(data: Uint8Array): string {
  return etagOf(opening, data, closing);
}

const opening = Buffer.from('{"data":');
const closing = Buffer.from('}');

function reported(report: object): Uint8Array {
  return Buffer.from(`,"extensions":${JSON.stringify({ cache: report })}}`);
}
