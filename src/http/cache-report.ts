import type { ExecutionResult } from 'graphql';
import { cacheStatus } from './cache-status.ts';
import type { Executed, Part } from './incremental.ts';
import type { CachedResult } from './cached-result.ts';
import type { Exchange } from './yoga.ts';

/** Takes an answer of the cache: ready bytes wait to be sent, anything else goes on through the stages. */
export function takeCached(exchange: Exchange, cached: CachedResult): Executed {
  if ('bytes' in cached) {
    exchange.cached = cached;
    return { data: null }; // its body is ready; this one is never sent
  }
  const { report } = cached;
  exchange.headers['Cache-Status'] = cacheStatus(report, { stored: false, detail: exchange.tellsCache });
  return 'parts' in cached ? reported(exchange, cached.parts, report) : withExtension(exchange, cached.result, report);
}

/** Adds to the answer of a mutation what it changed, and the token by which a later read is sure to see it. */
export function withWritten(exchange: Exchange, result: ExecutionResult): ExecutionResult {
  if (exchange.record.operation?.type !== 'mutation') return result;
  const { token, changed } = exchange.context.db.written;
  if (token !== null) exchange.headers['X-Cache-Token'] = String(token);
  return withExtension(exchange, result, {
    token: token === null ? null : String(token),
    changed: changed.filter(({ count }) => count > 0),
  });
}

/** The report goes with the first part. */
async function* reported(exchange: Exchange, parts: AsyncIterable<Part>, report: object): AsyncIterable<Part> {
  let isFirst = true;
  for await (const part of parts) {
    yield isFirst ? withExtension(exchange, part, report) : part;
    isFirst = false;
  }
}

function withExtension({ tellsCache }: Exchange, result: ExecutionResult, cache: object): ExecutionResult {
  return tellsCache ? { ...result, extensions: { ...result.extensions, cache } } : result;
}
