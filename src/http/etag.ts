import { createHash } from 'node:crypto';

/** Characters of base64url: 144 bits of the hash. */
const hashLength = 24;
const tag = /^(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")$/;
/** A tag in quotes, whatever it holds, or anything else up to the next comma. */
const element = /(?:W\/)?"[^"]*"|[^,\s]+/g;

/** A strong entity tag, quoted: the same for the same bytes only. Bytes that come in parts are taken together. */
export function etagOf(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return `"${hash.digest('base64url').slice(0, hashLength)}"`;
}

/**
 * Whether `If-None-Match` names this tag (RFC 9110, 13.1.2): a list of tags, weak ones compared by what they quote, or
 * `*`. A field that is not of that form names nothing.
 */
export function namesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const named = (ifNoneMatch.match(element) ?? []).map((text) => tag.exec(text)?.[1]);
  return !named.includes(undefined) && named.includes(etag);
}
