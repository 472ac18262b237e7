import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sendError } from './answer.ts';
import { createGraphqlEndpoint, type GraphqlEndpointOptions } from './graphql-endpoint.ts';
import { answerHealth, type Readiness } from './health.ts';
import { HttpError } from './http-error.ts';
import type { PurgeEndpoint } from './purge-endpoint.ts';
import { refusalOf } from './refusal.ts';
import { requestIdOf } from './request-id.ts';
import { logRequest, openRecord, type RequestRecord } from './request-record.ts';
import { sentHeaders } from './sent-headers.ts';
import { setSecurityHeaders } from './security-headers.ts';

/**
 * Serves pages for browsers (GraphiQL, its assets): answers the request and true, or false where the path is not one
 * of its own. It is asked for `/graphql` when a browser opens it without a query, and for paths nobody else serves.
 */
export type ServePage = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) => boolean | Promise<boolean>;

export interface FrontDoorOptions extends GraphqlEndpointOptions {
  readiness: Readiness;
  /** @default no pages */
  servePage?: ServePage;
  /** Purges on behalf of other systems. @default there is no such address */
  answerPurge?: PurgeEndpoint | null;
}

/** Every request comes in here: it gets an id, a place to go, an answer whatever happens, and a line in the log. */
export function createFrontDoor(options: FrontDoorOptions): RequestListener {
  const { logger, readiness, servePage = () => false, answerPurge = null } = options;
  const answerGraphql = createGraphqlEndpoint(options);

  const route = async (request: IncomingMessage, response: ServerResponse, record: RequestRecord) => {
    const { path, search } = targetOf(request);
    if (await answerHealth(request, response, { path, readiness })) return;
    if (answerPurge && path === '/cache/purge') return answerPurge(request, response, record);
    const isGraphql = path === '/graphql';
    if ((!isGraphql || opensPage(request, search)) && (await servePage(request, response, path))) return;
    if (isGraphql) return answerGraphql({ request, response, search, record });
    throw new HttpError('NOT_FOUND', 'There is nothing here. GraphQL is at /graphql.');
  };

  return (request, response) => {
    const record = openRecord(requestIdOf(sentHeaders(request, 'x-request-id')[0]));
    response.setHeader('X-Request-Id', record.requestId);
    setSecurityHeaders(response);
    response.once('close', () => logRequest(logger, record, outcomeOf(request, response)));
    route(request, response, record).catch((error: unknown) => {
      const refusal = refusalOf(error, record, logger);
      record.codes.push(refusal.code);
      sendError(request, response, refusal);
    });
  };
}

/** A browser that opens an address wants a page; one that sends a query along wants its answer. */
function opensPage({ method, headers }: IncomingMessage, search: URLSearchParams): boolean {
  const asksNothing = !['query', 'documentId', 'extensions'].some((name) => search.has(name));
  return method === 'GET' && asksNothing && (headers.accept?.includes('text/html') ?? false);
}

/** Compared as it came: nothing is decoded or folded, so no other spelling of a path is that path. */
function targetOf({ url = '/' }: IncomingMessage): { path: string; search: URLSearchParams } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, search: new URLSearchParams() }
    : { path: url.slice(0, mark), search: new URLSearchParams(url.slice(mark + 1)) };
}

/** The path without its query, which may hold variables. A client that went away before its answer: 499. */
function outcomeOf(request: IncomingMessage, response: ServerResponse) {
  const aborted = !response.writableFinished;
  return {
    method: request.method ?? '',
    path: pathForLog(request.url),
    status: aborted ? 499 : response.statusCode,
    aborted,
  };
}

function pathForLog(url = ''): string {
  const path = url.split('?', 1)[0] ?? '';
  return /^\/(graphql|cache\/purge|health\/(live|ready))?$/.test(path) ? path : 'other';
}
