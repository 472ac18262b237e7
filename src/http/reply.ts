import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { namesEtag } from './etag.ts';

/** The answer to a request, before anything of it is sent. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Of an answer that clients may keep and ask about; null for all others. */
  readonly etag: string | null;
  /** Put together only when it is sent. */
  readonly body: () => Uint8Array;
  /** Sent as it comes, instead of the body. */
  readonly parts?: AsyncIterable<Uint8Array>;
}

/**
 * Sends a reply whole, or 304 to a client that has it already. Only here is `If-None-Match` looked at: by now it is
 * settled who asks, what they may see, and that this is the answer.
 */
export function sendReply(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const { status, etag } = reply;
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (status === 503) response.setHeader('Retry-After', '1');
  const isKnown = etag !== null && namesEtag(request.headers['if-none-match'], etag);
  for (const [name, value] of Object.entries(reply.headers)) {
    if (!(isKnown && /^content-/i.test(name))) response.setHeader(name, value);
  }
  if (isKnown) {
    response.writeHead(304).end();
    return;
  }
  if (reply.parts) {
    // nginx would hold parts back until the last has come, at least where it asks by HTTP/1.0, its default.
    response.setHeader('X-Accel-Buffering', 'no');
    response.writeHead(status);
    response.flushHeaders();
    // An answer that breaks off in the middle ends without its last mark: the client can tell.
    pipeline(Readable.from(reply.parts), response).catch(() => response.destroy());
    return;
  }
  const body = reply.body();
  response.writeHead(status, { 'Content-Length': body.length });
  response.end(body);
}
