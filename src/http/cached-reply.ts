import type { CacheFacts } from '../db/cache-facts.ts';
import { cacheStatus } from './cache-status.ts';
import { cacheTagHeader } from './cache-tags.ts';
import type { CachedBytes, CacheReport } from './cached-result.ts';
import { clientCacheHeaders } from './client-cache-headers.ts';
import type { Reply } from './reply.ts';

export interface CachedReplyOptions {
  /** What the database says about caching. */
  cacheFacts: () => Promise<CacheFacts>;
  /** Whether answers tell what the cache did: `extensions.cache`. */
  tellsCache: boolean;
}

export interface CachedReplyTo {
  method: string;
  operationName: string | null;
  /** Of the answer, whatever it is. */
  headers: Readonly<Record<string, string>>;
}

/**
 * Makes replies of ready bytes. The entity tag is of the body without the report, which is another each time: with the
 * report switched off it is the hash of the very bytes that are sent.
 */
export function createCachedReply({ cacheFacts, tellsCache }: CachedReplyOptions) {
  return async (cached: CachedBytes, { method, operationName, headers }: CachedReplyTo): Promise<Reply> => {
    const { bytes, report, etag } = cached;
    const isKept = report.status !== 'BYPASS';
    const collapsed = cached.isCollapsed === true;
    const status = cacheStatus(report, { stored: isKept, collapsed, detail: tellsCache });
    const body = () => (tellsCache ? withReport(bytes, report) : bytes);
    if (!isKept) return { status: 200, headers: { ...headers, 'Cache-Status': status }, etag: null, body };
    const { storedAtMs, variesByLocale, policy } = cached;
    const { ageMs, ttlMs, scope } = report;
    const { clientMaxAgeS } = policy;
    const told = clientCacheHeaders({ etag, storedAtMs, ageMs, ttlMs, scope, clientMaxAgeS, variesByLocale });
    for (const name in headers) told[name] = headers[name] ?? '';
    told['Cache-Status'] = status;
    if (method === 'GET' && scope === 'PUBLIC') {
      told['Cache-Tag'] = cacheTagHeader({ secret: (await cacheFacts()).keySecret, operationName });
    }
    return { status: 200, headers: told, etag, body };
  };
}

/** In the place of the brace that closes the answer. */
function withReport(bytes: Uint8Array, report: CacheReport): Uint8Array {
  return Buffer.concat([bytes.subarray(0, -1), Buffer.from(`,"extensions":${JSON.stringify({ cache: report })}}`)]);
}
