import type { Logger } from 'pino';
import { createTenantSession, type TenantSession } from '../db/session.ts';
import type { CacheManager } from '../graphql/cache-manager.ts';
import { createClock } from '../graphql/clock.ts';
import { createContext } from '../graphql/context.ts';
import type { Viewer } from '../graphql/viewer.ts';
import { createCachedReply } from './cached-reply.ts';
import { describeFailure } from './describe-failure.ts';
import type { AskedOperation } from './graphql-params.ts';
import { Abandoned } from './not-kept.ts';
import type { FindOperation } from './persisted-operations.ts';
import { preferredLocale } from './preferred-locale.ts';
import type { KnownRequest } from './known-requests.ts';
import type { Reading, ReadingOptions } from './reading.ts';
import { framed, isFramed } from './framed.ts';
import type { Reply } from './reply.ts';
import { addCost, type RequestRecord } from './request-record.ts';
import type { Identity } from './tokens.ts';
import type { createGraphqlServer, Exchange } from './yoga.ts';

export interface RunOperationOptions extends Pick<ReadingOptions, 'pool' | 'now' | 'cacheFacts'> {
  graphql: ReturnType<typeof createGraphqlServer>;
  findOperation: FindOperation;
  logger: Logger;
  /** Whether answers tell what the cache did: `extensions.cache`. */
  tellsCache: boolean;
  /** For those who purge and warm. @default nobody does */
  cacheManager?: CacheManager | null;
}

/** On whose behalf, and how, an operation is run. */
export interface Caller {
  method: 'GET' | 'POST';
  /** The media types the client takes, the preferred first. */
  accept: string;
  /** The `Accept-Language` header. */
  acceptLanguage: string | undefined;
  idempotencyKey: string | null;
  identity: Identity | null;
  /** What the viewer reads; null without a token. */
  reading: Reading | null;
  record: RequestRecord;
  /** Aborted when the client goes away, or its time is up. */
  signal: AbortSignal;
  /** Told of a request whose answer is ready bytes: what it asks is known from now on. @default nobody is told */
  remember?: (known: KnownRequest) => void;
}

export type RunOperation = (asked: AskedOperation, caller: Caller) => Promise<Reply>;

/**
 * Runs one operation, and closes its session whatever becomes of it: an answer, a refusal, an error, a client that
 * goes away, a time that is up.
 */
export function createRunOperation(options: RunOperationOptions): RunOperation {
  const { pool, now, logger, graphql, findOperation, tellsCache } = options;
  const replyWith = createCachedReply(options);

  return async (asked, caller) => {
    const { identity, reading, record, signal } = caller;
    const { params, register } = findOperation(asked, identity?.tenantId ?? null);
    const session = identity && createTenantSession({ pool, ...identity });
    const close = () =>
      void session
        ?.close()
        .catch((error: unknown) => logger.error(describeFailure(record.requestId, error), 'session'));
    signal.addEventListener('abort', close, { once: true });
    if (signal.aborted) close();
    try {
      const contextOf = (viewer: Viewer | null) => contextFor(viewer, caller, session);
      const context = contextOf(reading?.viewer ?? null);
      const report = reporter(record, signal);
      const exchange: Exchange = {
        params,
        register,
        context,
        contextOf,
        reading,
        record,
        report,
        tellsCache,
        cached: null,
        headers: {},
      };
      return await replyTo(exchange, caller);
    } finally {
      signal.removeEventListener('abort', close);
      if (session) addCost(record, session.cost);
      close();
    }
  };

  async function replyTo(exchange: Exchange, { method, accept, signal, remember }: Caller): Promise<Reply> {
    const { Request } = graphql.fetchAPI;
    const request = new Request('http://localhost/graphql', { method, headers: { accept }, signal });
    const response = await graphql.handleRequest(request, { exchange });
    const { status } = response;
    const headers = { ...headersOf(response), ...exchange.headers };
    const { cached } = exchange;
    if (!cached && response.body && isFramed(headers)) {
      return { status, headers, etag: null, body: () => new Uint8Array(), parts: response.body };
    }
    if (!cached) {
      const body = Buffer.from(await response.arrayBuffer());
      return { status, headers, etag: null, body: () => body };
    }
    const { operation } = exchange.record;
    const reply = await replyWith(cached, { method, operationName: operation?.name ?? null, headers });
    if (isFramed(headers)) return framed(reply);
    // Whoever sends a text along with its hash has it registered each time.
    if (!exchange.register) remember?.({ question: cached.question, operation, headers });
    return reply;
  }

  function contextFor(viewer: Viewer | null, caller: Caller, session: TenantSession | null) {
    const { record, idempotencyKey, acceptLanguage } = caller;
    return createContext({
      viewer,
      session,
      clock: createClock(now()),
      locale: () => preferredLocale(acceptLanguage),
      requestId: record.requestId,
      idempotencyKey,
      cacheManager: options.cacheManager,
    });
  }

  /** An error that fifty fields share is one error: it is logged once. */
  function reporter({ requestId }: RequestRecord, signal: AbortSignal): (error: unknown) => void {
    const reported = new Set<unknown>();
    return (error) => {
      if (reported.has(error) || (signal.aborted && isEnding(error))) return;
      reported.add(error);
      logger.error(describeFailure(requestId, error), 'unexpected error');
    };
  }
}

/** What is stopped because its client has gone, or its time is up, says so: there is nothing wrong with it. */
function isEnding(error: unknown): boolean {
  return error instanceof Abandoned || (error instanceof Error && error.name === 'AbortError');
}

/** How it is sent, and whether anybody keeps it, is not for Yoga to say. */
const ofTransfer = new Set(['content-length', 'transfer-encoding', 'connection', 'content-encoding', 'cache-control']);

function headersOf(response: Response): Record<string, string> {
  const headers = [...response.headers].map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(headers.filter(([name]) => !ofTransfer.has(name)));
}
