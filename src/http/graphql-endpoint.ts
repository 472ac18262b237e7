import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { createTenantSession, type TenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import { createContext, type Context } from '../graphql/context.ts';
import type { Viewer } from '../graphql/viewer.ts';
import { admit } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { describeFailure } from './describe-failure.ts';
import { parseBody, parseSearch, type GraphqlParams } from './graphql-params.ts';
import type { Limits } from './limits.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { readBody, refuseDeclaredLength } from './request-body.ts';
import { addCost, serverTiming, type RequestRecord } from './request-record.ts';
import type { Identity } from './tokens.ts';
import type { createGraphqlServer, Exchange } from './yoga.ts';

export interface GraphqlEndpointOptions extends ReadingOptions {
  graphql: ReturnType<typeof createGraphqlServer>;
  verifyToken: (token: string) => Promise<Identity>;
  logger: Logger;
  limits: Limits;
  /** Whether answers carry Server-Timing. */
  timing: boolean;
}

export interface GraphqlRequest {
  request: IncomingMessage;
  response: ServerResponse;
  search: URLSearchParams;
  record: RequestRecord;
}

/**
 * One GraphQL request: headers, then the token, then the body, then GraphQL. Whatever becomes of it, its session is
 * closed: after the answer, a refusal, an error, when the client goes away, and when its time is up.
 */
export function createGraphqlEndpoint(options: GraphqlEndpointOptions) {
  const { pool, limits, verifyToken, logger } = options;
  const openReading = createReading(options);

  return async (asked: GraphqlRequest): Promise<void> => {
    const { request, response, record } = asked;
    admit(request);
    refuseDeclaredLength(request, limits.bodyBytes);
    const ending = endOf(response, limits.durationMs);
    let session: TenantSession | null = null;
    try {
      const identity = await Promise.race([ending.failed, authenticate(request, verifyToken)]);
      session = identity && createTenantSession({ pool, ...identity });
      if (identity) record.tenantId = identity.tenantId;
      await Promise.race([ending.failed, answer({ ...asked, identity, session, signal: ending.signal })]);
    } finally {
      ending.settle();
      session?.close().catch((error: unknown) => logger.error(describeFailure(record.requestId, error), 'session'));
    }
  };

  async function answer(asked: GraphqlRequest & Who & { signal: AbortSignal }): Promise<void> {
    const { request, response, record, identity, session, signal } = asked;
    const reading = identity && (await openReading(identity, request, record));
    const params = await paramsOf(asked);
    const context = contextOf(asked, reading?.viewer ?? null);
    const exchange: Exchange = { params, context, reading, record, report: reporter(record), ready: null, headers: {} };
    const result = await ask(exchange, { request, signal });
    const bytes = exchange.ready ?? Buffer.from(await result.arrayBuffer());
    if (session) addCost(record, session.cost);
    if (response.headersSent || response.destroyed) return;
    for (const [name, value] of Object.entries(exchange.headers)) response.setHeader(name, value);
    if (options.timing) response.setHeader('Server-Timing', serverTiming(record));
    if (result.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (result.status === 503) response.setHeader('Retry-After', '1');
    response.writeHead(result.status, { ...Object.fromEntries(result.headers), 'content-length': bytes.length });
    response.end(bytes);
  }

  async function paramsOf({ request, search }: GraphqlRequest): Promise<GraphqlParams> {
    if (request.method === 'GET') return parseSearch(search, limits);
    return parseBody(await readBody(request, limits.bodyBytes), limits);
  }

  function contextOf({ request, record, session }: GraphqlRequest & Who, viewer: Viewer | null): Context {
    const idempotencyKey = request.headers['idempotency-key'];
    const at = options.now();
    return createContext({
      viewer,
      session,
      now: () => at,
      requestId: record.requestId,
      idempotencyKey: idempotencyKey === undefined ? null : String(idempotencyKey),
    });
  }

  async function ask(exchange: Exchange, { request, signal }: { request: IncomingMessage; signal: AbortSignal }) {
    const { fetchAPI } = options.graphql;
    const headers = { accept: request.headers.accept ?? '*/*' };
    const asked = new fetchAPI.Request('http://localhost/graphql', {
      method: request.method ?? 'POST',
      headers,
      signal,
    });
    return options.graphql.handleRequest(asked, { exchange });
  }

  /** An error that fifty fields share is one error: it is logged once. */
  function reporter({ requestId }: RequestRecord): (error: unknown) => void {
    const reported = new Set<unknown>();
    return (error) => {
      if (reported.has(error)) return;
      reported.add(error);
      logger.error(describeFailure(requestId, error), 'unexpected error');
    };
  }
}

interface Who {
  identity: Identity | null;
  /** For mutations and what they answer; queries read in sessions of their own, which others may share. */
  session: TenantSession | null;
}

/** Ends a request that takes too long, or whose client has gone: the signal stops it, the promise answers it. */
function endOf(response: ServerResponse, durationMs: number) {
  const controller = new AbortController();
  let fail: (why: AppError) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  const end = (why: AppError) => {
    controller.abort();
    fail(why);
  };
  const tooLate = () => end(new AppError('SERVICE_UNAVAILABLE', 'The request took too long. Ask for less.'));
  const timer = setTimeout(tooLate, durationMs);
  const gone = () => end(new AppError('SERVICE_UNAVAILABLE', 'The client has gone.'));
  response.once('close', gone);
  if (response.destroyed) gone(); // it has gone already, and will not say so again
  failed.catch(() => {}); // it may come after the answer
  return {
    signal: controller.signal,
    failed,
    settle() {
      clearTimeout(timer);
      response.off('close', gone);
    },
  };
}
