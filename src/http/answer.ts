import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, httpStatusOf } from '../errors.ts';
import { HttpError } from './http-error.ts';

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
  const status = error instanceof HttpError ? error.status : httpStatusOf[error.code];
  for (const [name, value] of Object.entries(error instanceof HttpError ? error.headers : {})) {
    response.setHeader(name, value);
  }
  if (status === 503) response.setHeader('Retry-After', '1');
  sendJson(response, {
    status,
    mediaType: wantsGraphqlResponse(request) ? 'application/graphql-response+json' : 'application/json',
    body: { errors: [{ message: error.message, extensions: { code: error.code } }] },
  });
}

function wantsGraphqlResponse(request: IncomingMessage): boolean {
  return request.headers.accept?.toLowerCase().includes('application/graphql-response+json') ?? false;
}
