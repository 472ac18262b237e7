import type { IncomingMessage } from 'node:http';
import { HttpError } from './http-error.ts';

/** How much of a body that is too large is still read and thrown away, so that its sender gets to see the answer. */
const discardAtMost = 8 * 1024 * 1024;

/** Reads the whole body; fails with 413 as soon as it is longer than `maxBytes`, announced or not. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  refuseDeclaredLength(request, maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const onData = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off('data', onData);
      discard(request);
      reject(tooLarge(maxBytes));
    };
    request.on('data', onData);
    const cut = () => reject(new HttpError('BAD_USER_INPUT', 'The request ended before its body did.'));
    request.once('end', () => {
      request.off('close', cut);
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
    request.once('error', reject);
    request.once('close', cut);
    if (request.destroyed) cut(); // it was cut off while we looked at the token
  });
}

/** Refuses by Content-Length alone, before a token is looked at or a byte is read. */
export function refuseDeclaredLength(request: IncomingMessage, maxBytes: number): void {
  if (Number(request.headers['content-length'] ?? 0) <= maxBytes) return;
  discard(request);
  throw tooLarge(maxBytes);
}

function discard(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > discardAtMost) request.destroy();
  });
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError('LIMIT_EXCEEDED', `The request body may have at most ${maxBytes} bytes.`, {
    status: 413,
    headers: { Connection: 'close' },
  });
}
