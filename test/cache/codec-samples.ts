import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createCodec, type Codec } from '../../src/cache/codec/codec.ts';
import { parseEncryptionKeys, type Entry } from '../../src/cache/index.ts';

const fact = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
const name = fc.string().filter((text) => text !== '__proto__');

/** Any name a tenant or a key may have. */
export const anyName = fc.string({ unit: 'binary' });

export const anyEntry: fc.Arbitrary<Entry> = fc.record({
  epoch: anyName,
  stamp: fc.maxSafeNat(),
  tags: fc.array(anyName, { maxLength: 5 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'grapheme' }).map((text) => new Uint8Array(Buffer.from(text))),
    // Long enough to be compressed.
    fc.string({ minLength: 1 }).map((text) => new Uint8Array(Buffer.from(text.repeat(1_000)))),
  ),
  meta: fc.dictionary(name, fact, { noNullPrototype: true }),
  storedAtMs: fc.maxSafeNat(),
  expiresAtMs: fc.maxSafeNat(),
  freshFromMs: fc.maxSafeNat(),
  freshUntilMs: fc.maxSafeNat(),
  staleForMs: fc.maxSafeNat(),
  costMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0),
});

export const sample: Entry = {
  epoch: '7301.1.5.abc/schema',
  stamp: 4711,
  tags: ['E:ticket:7', 'P:ticket:site_id=3', 'L:ticket'],
  body: new Uint8Array(Buffer.from('{"ticket":{"title":"Zoë"}}')),
  meta: { scope: 'TENANT' },
  storedAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_000_300_000,
  freshFromMs: 1_699_999_980_000,
  freshUntilMs: 1_700_000_040_000,
  staleForMs: 900_000,
  costMs: 12.5,
};

/** An entry that is compressed. */
export const longSample: Entry = { ...sample, body: new Uint8Array(Buffer.from('{"title":"Zoë"}'.repeat(100))) };

/** A list of keys as it is set, with a key of its own for each name. */
export const keysNamed = (...names: readonly string[]) =>
  names.map((id) => parseEncryptionKeys(`${id}:${randomBytes(32).toString('base64')}`)[0]!);

export const signing = (secret = 'secret') => createCodec({ secret, encryptionKeys: [] });
export const encrypting = (...encryptionKeys: ReturnType<typeof keysNamed>) =>
  createCodec({ secret: 'secret', encryptionKeys });

/** There and back, as a store in another process does. */
export const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What lies in the store, as text. */
export async function storedText(codec: Codec, tenant: string, key: string, entry: Entry): Promise<string> {
  return JSON.stringify({ data: await codec.encode(tenant, key, entry) });
}

/** What comes of text that lies in the store: an entry, or why not. */
export async function readText(codec: Codec, tenant: string, key: string, text: string): Promise<unknown> {
  let result: { data?: unknown } | null;
  try {
    result = JSON.parse(text);
  } catch {
    return 'no JSON'; // which the store or the engine notices
  }
  return codec.decode(tenant, key, result?.data);
}

/** For comparing: bytes as text. */
export const plain = (entry: unknown) => {
  const { body, ...rest } = entry as Entry;
  return { ...rest, body: Buffer.from(body).toString('hex') };
};
