import type { Tag } from '../coherence/change-log.ts';
import { withoutSlab, type Entry, type Meta } from '../entry.ts';

/** Larger entries stay in the process that made them; smaller ones never need more memory than this to be read. */
export const maxPayloadBytes = 32 * 1024 * 1024;

const isNumber = (value: unknown): boolean => Number.isFinite(value);

/**
 * What an entry says beside its body, in the order it is written: another fact is another line. One that changes its
 * meaning or its place makes another version of the format.
 */
const facts = {
  epoch: (value) => typeof value === 'string',
  stamp: (value) => Number.isSafeInteger(value),
  tags: isTags,
  meta: isMeta,
  storedAtMs: isNumber,
  expiresAtMs: isNumber,
  freshFromMs: isNumber,
  staleUntilMs: isNumber,
  costMs: isNumber,
} satisfies Record<Exclude<keyof Entry, 'body'>, (value: unknown) => boolean>;

const checks = Object.entries(facts) as [keyof typeof facts, (value: unknown) => boolean][];
const lengthBytes = 4;

/** The length of the facts, the facts as JSON, the body. */
export function pack(entry: Entry): Buffer {
  const text = JSON.stringify(checks.map(([name]) => entry[name]));
  const factBytes = Buffer.byteLength(text);
  const payload = Buffer.allocUnsafe(lengthBytes + factBytes + entry.body.byteLength);
  payload.writeUInt32BE(factBytes);
  payload.write(text, lengthBytes);
  payload.set(entry.body, lengthBytes + factBytes);
  return payload;
}

/** Null for what was written with other facts. */
export function unpack(payload: Buffer): Entry | null {
  const bodyAt = lengthBytes + payload.readUInt32BE();
  if (bodyAt > payload.byteLength) return null;
  const values: unknown = JSON.parse(payload.toString('utf8', lengthBytes, bodyAt));
  if (!Array.isArray(values) || values.length !== checks.length) return null;
  if (!checks.every(([, holds], index) => holds(values[index]))) return null;
  const known = Object.fromEntries(checks.map(([name], index) => [name, values[index]]));
  return { ...(known as unknown as Omit<Entry, 'body'>), body: withoutSlab(payload.subarray(bodyAt)) };
}

function isTags(value: unknown): value is readonly Tag[] {
  return Array.isArray(value) && value.every((tag) => typeof tag === 'string');
}

function isMeta(value: unknown): value is Meta {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, fact]) => name !== '__proto__' && (fact === null || typeof fact !== 'object'),
  );
}
