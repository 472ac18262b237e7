import type { ExecutionResult } from 'graphql';
import type { CachedResult, CacheReport } from './response-cache.ts';
import type { Exchange } from './yoga.ts';

/** Takes an answer of the cache: ready bytes are put together to a body, anything else goes on through the stages. */
export function takeCached(exchange: Exchange, cached: CachedResult): ExecutionResult {
  const { report } = cached;
  exchange.headers['Cache-Status'] = cacheStatus(report);
  const extensions = { cache: report };
  if ('result' in cached) {
    return { ...cached.result, extensions: { ...cached.result.extensions, ...extensions } };
  }
  exchange.ready = Buffer.concat([
    Buffer.from('{"data":'),
    cached.bytes,
    Buffer.from(`,"extensions":${JSON.stringify(extensions)}}`),
  ]);
  return { data: null }; // its body is ready; this one is never sent
}

/** Adds to the answer of a mutation what it changed, and the token by which a later read is sure to see it. */
export function withWritten(exchange: Exchange, result: ExecutionResult): ExecutionResult {
  if (exchange.record.operation?.type !== 'mutation') return result;
  const { token, changed } = exchange.context.db.written;
  if (token !== null) exchange.headers['X-Cache-Token'] = String(token);
  const cache = { token: token === null ? null : String(token), changed: changed.filter(({ count }) => count > 0) };
  return { ...result, extensions: { ...result.extensions, cache } };
}

/** RFC 9211. */
function cacheStatus({ status, ttlMs }: CacheReport): string {
  if (status === 'HIT') return `freshfield; hit; ttl=${Math.floor(ttlMs / 1000)}`;
  return `freshfield; fwd=${status === 'MISS' ? 'miss' : 'bypass'}`;
}
