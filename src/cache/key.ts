import { createHmac } from 'node:crypto';

export type KeyPart = string | number | boolean | null | Uint8Array;

/** Types keep their tag: the string "1", the number 1 and the bytes 0x31 are three different parts. */
const typeTags = { string: 's', number: 'n', boolean: 'b', null: '0', bytes: 'x' } as const;

/**
 * The key of an entry: HMAC-SHA-256 over its parts, each with its type and length before it, so that no two lists of
 * parts are the same bytes. Without the secret nobody can tell what a key stands for, or make one.
 */
export function createKey(secret: string | Uint8Array, parts: readonly KeyPart[]): string {
  const hmac = createHmac('sha256', secret);
  hmac.update(`${parts.length};`);
  for (const part of parts) {
    const [type, bytes] = encode(part);
    hmac.update(`${type}${bytes.byteLength}:`).update(bytes);
  }
  return hmac.digest('base64url');
}

function encode(part: KeyPart): [string, Uint8Array] {
  if (part === null) return [typeTags.null, new Uint8Array()];
  if (part instanceof Uint8Array) return [typeTags.bytes, part];
  if (typeof part === 'string') return [typeTags.string, encodeString(part)];
  if (typeof part === 'boolean') return [typeTags.boolean, Buffer.from(part ? '1' : '0')];
  return [typeTags.number, Buffer.from(Object.is(part, -0) ? '-0' : String(part))];
}

/** UTF-16, not UTF-8: UTF-8 turns every lone surrogate into the same three bytes, and two keys into one. */
function encodeString(text: string): Uint8Array {
  return text.isWellFormed() ? Buffer.from(`8${text}`, 'utf8') : Buffer.from(`6${text}`, 'utf16le');
}
