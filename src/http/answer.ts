import type { IncomingMessage, ServerResponse } from 'node:http';
import { httpStatusOf, type AppError } from '../errors.ts';
import { HttpError } from './http-error.ts';
import { prefersGraphqlResponse } from './media-type.ts';

/** Sends JSON, whole; HEAD gets the headers alone. */
export function sendJson(
  response: ServerResponse,
  { status, body, mediaType = 'application/json' }: { status: number; body: unknown; mediaType?: string },
): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'Content-Type': `${mediaType}; charset=utf-8`, 'Content-Length': bytes.length });
  response.end(response.req.method === 'HEAD' ? undefined : bytes);
}

/** Answers a refusal in the shape of a GraphQL response, so that one client code path reads every error. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: AppError): void {
  if (response.headersSent || response.destroyed) return;
  const isGraphqlResponse = prefersGraphqlResponse(request.headers.accept);
  const status = statusOf(error, isGraphqlResponse);
  for (const [name, value] of Object.entries(error instanceof HttpError ? error.headers : {})) {
    response.setHeader(name, value);
  }
  if (status === 503) response.setHeader('Retry-After', '1');
  sendJson(response, {
    status,
    mediaType: isGraphqlResponse ? 'application/graphql-response+json' : 'application/json',
    body: errorBody(error),
  });
}

export function errorBody({ message, code }: AppError): object {
  return { errors: [{ message, extensions: { code } }] };
}

/** The status of a refusal, in the media type of GraphQL responses or as plain JSON. */
export function statusOf(error: AppError, isGraphqlResponse: boolean): number {
  if (!(error instanceof HttpError)) return httpStatusOf[error.code];
  return error.okAsJson && !isGraphqlResponse ? 200 : error.status;
}
