import type { Tag } from '../coherence/change-log.ts';
import { withoutSlab, type Entry, type Meta } from '../entry.ts';

/** Larger entries stay in the process that made them; smaller ones never need more memory than this to be read. */
export const maxPayloadBytes = 32 * 1024 * 1024;

const isNumber = (value: unknown): boolean => Number.isFinite(value);

/**
 * What an entry says beside its body, in the order it is written: another fact is a line here and one in `unpack`. One
 * that changes its meaning or its place makes another version of the format.
 */
const facts = {
  epoch: (value) => typeof value === 'string',
  stamp: (value) => Number.isSafeInteger(value),
  tags: isTags,
  meta: isMeta,
  storedAtMs: isNumber,
  expiresAtMs: isNumber,
  freshFromMs: isNumber,
  staleForMs: isNumber,
  costMs: isNumber,
  freshUntilMs: isNumber,
} satisfies Record<Exclude<keyof Entry, 'body'>, (value: unknown) => boolean>;

type Fact = keyof typeof facts;
const names = Object.keys(facts) as Fact[];
const lengthBytes = 4;

/** The length of the facts, the facts as JSON, the body. */
export function pack(entry: Entry): Buffer {
  const text = JSON.stringify(names.map((name) => entry[name]));
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
  if (!Array.isArray(values) || values.length !== names.length) return null;
  if (!names.every((name, index) => facts[name](values[index]))) return null;
  const fact = <Name extends Fact>(name: Name) => values[names.indexOf(name)] as Entry[Name];
  // Written out: an object that is put together name by name takes twice the memory.
  return {
    epoch: fact('epoch'),
    stamp: fact('stamp'),
    tags: fact('tags'),
    meta: fact('meta'),
    storedAtMs: fact('storedAtMs'),
    expiresAtMs: fact('expiresAtMs'),
    freshFromMs: fact('freshFromMs'),
    staleForMs: fact('staleForMs'),
    costMs: fact('costMs'),
    freshUntilMs: fact('freshUntilMs'),
    body: withoutSlab(payload.subarray(bodyAt)),
  };
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
