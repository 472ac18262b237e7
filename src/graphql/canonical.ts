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
 * Coerced values as text that is the same for equal values only: keys in order, dates told from their text, absent
 * told from null, -0 from 0.
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (value instanceof Date) return `date:${value.getTime()}`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    const members = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`).join()}}`;
  }
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'bigint') return `${value}n`;
  return JSON.stringify(value) ?? 'undefined';
}
