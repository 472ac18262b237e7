import type { Reply } from './reply.ts';

const multipart = /^multipart\/mixed\b/i;
const eventStream = /^text\/event-stream\b/i;

/** Whether an answer is sent in parts, by its media type. */
export function isFramed(headers: Readonly<Record<string, string>>): boolean {
  const type = headers['content-type'] ?? '';
  return multipart.test(type) || eventStream.test(type);
}

/** What is said of answers that may be kept. */
const ofKept = new Set(['ETag', 'Last-Modified', 'Age', 'Cache-Control', 'Cache-Tag']);

/** A whole answer for a client that takes nothing but parts: one part, and the end. */
export function framed(reply: Reply): Reply {
  const isMultipart = multipart.test(reply.headers['content-type'] ?? '');
  return {
    ...reply,
    // Clients ask about what they keep; what comes in parts is not kept, neither by them nor on the way.
    headers: Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !ofKept.has(name))),
    etag: null,
    body: () => (isMultipart ? onePart(reply.body()) : oneEvent(reply.body())),
  };
}

function onePart(body: Uint8Array): Uint8Array {
  const head = `\r\n---\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body, Buffer.from('\r\n-----\r\n')]);
}

function oneEvent(body: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('event: next\ndata: '), body, Buffer.from('\n\nevent: complete\ndata: \n\n')]);
}
