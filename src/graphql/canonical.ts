import { createHash } from 'node:crypto';
import { print, type DocumentNode } from 'graphql';

const hashes = new WeakMap<DocumentNode, string>();

/** A document by its meaning: layout and comments aside, two texts of one document have one hash. */
export function documentHash(document: DocumentNode): string {
  const known = hashes.get(document);
  if (known) return known;
  const hash = createHash('sha256').update(print(document)).digest('base64url');
  hashes.set(document, hash);
  return hash;
}

/**
 * Plain data as text that is the same for equal values only: keys in order, dates told from their text, absent told from
 * null, -0 from 0. Fails with a TypeError for what is no plain data: two functions, or two maps, may be alike or not.
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${Array.from(value, canonicalText).join()}]`;
  if (value instanceof Date) return `date:${value.getTime()}`;
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('base64url')}`;
  if (typeof value === 'object' && value !== null) {
    if (!isPlain(value)) throw new TypeError(`${value.constructor?.name ?? 'an object'} is no plain data`);
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    const members = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`).join()}}`;
  }
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a ${typeof value} is no plain data`);
  return JSON.stringify(value) ?? 'undefined';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
