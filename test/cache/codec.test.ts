import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../src/cache/codec.ts';
import type { Entry } from '../../src/cache/index.ts';

const fact = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
const name = fc.string().filter((text) => text !== '__proto__');
const entry: fc.Arbitrary<Entry> = fc.record({
  epoch: fc.string({ unit: 'binary' }),
  stamp: fc.maxSafeNat(),
  tags: fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'grapheme' }).map((text) => new Uint8Array(Buffer.from(text))),
  ),
  meta: fc.dictionary(name, fact, { noNullPrototype: true }),
  storedAtMs: fc.maxSafeNat(),
  expiresAtMs: fc.maxSafeNat(),
  freshFromMs: fc.maxSafeNat(),
  staleUntilMs: fc.maxSafeNat(),
  costMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((ms) => ms + 0),
});

/** There and back, as a store in another process does. */
const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const plain = ({ body, ...rest }: Entry) => ({ ...rest, body: Buffer.from(body).toString('hex') });

describe('an entry in a remote store', () => {
  it('comes back as it went, whatever its bytes', () => {
    fc.assert(
      fc.property(entry, fc.string(), (original, id) => {
        const back = decodeEntry('secret', id, travel(encodeEntry('secret', id, original)));
        expect(back && plain(back)).toEqual(plain(original));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps the bytes of text as text', () => {
    const text = '{"name":"Zoë 😀"}';
    const blob = encodeEntry('secret', 'k', { ...sample, body: Buffer.from(text) });
    expect(blob).toMatchObject({ as: 'utf8', body: text });
  });

  it('is refused under another id, secret or version', () => {
    const blob = encodeEntry('secret', 'k', sample);
    expect(decodeEntry('secret', 'k', travel(blob))).not.toBeNull();
    expect(decodeEntry('secret', 'other', travel(blob))).toBeNull();
    expect(decodeEntry('another', 'k', travel(blob))).toBeNull();
    expect(decodeEntry('secret', 'k', { ...blob, v: 1 })).toBeNull();
  });

  it('is refused when any bit of it was flipped, or still says the same', () => {
    const text = Buffer.from(JSON.stringify(encodeEntry('secret', 'k', sample)));
    let refused = 0;
    for (let bit = 0; bit < text.length * 8; bit += 1) {
      const damaged = Buffer.from(text);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const back = decodeEntry('secret', 'k', parse(damaged.toString()));
      if (back) expect(plain(back)).toEqual(plain(sample));
      else refused += 1;
    }
    expect(refused / (text.length * 8)).toBeGreaterThan(0.99);
  });

  it('is refused when it was cut short', () => {
    const text = JSON.stringify(encodeEntry('secret', 'k', sample));
    for (let length = 0; length < text.length; length += 1) {
      expect(decodeEntry('secret', 'k', parse(text.slice(0, length)))).toBeNull();
    }
  });

  it('is refused when one of its facts is something else', () => {
    const blob = encodeEntry('secret', 'k', sample);
    const names = fc.constantFrom(...(Object.keys(blob) as (keyof typeof blob)[]));
    fc.assert(
      fc.property(names, fc.anything(), (changed, value) => {
        const back = decodeEntry('secret', 'k', { ...blob, [changed]: value });
        if (back) expect(plain(back)).toEqual(plain(sample));
      }),
      { numRuns: 2_000 },
    );
    for (const missing of Object.keys(blob)) {
      expect(decodeEntry('secret', 'k', { ...blob, [missing]: undefined })).toBeNull();
    }
  });

  it('is never believed, and never throws, for anything a store may hand back', () => {
    fc.assert(
      fc.property(fc.anything({ withProxy: true } as never), (anything) => {
        expect(decodeEntry('secret', 'k', anything)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
    const trap = () => {
      throw new Error('trapped');
    };
    expect(decodeEntry('secret', 'k', new Proxy({}, { get: trap, has: trap, ownKeys: trap }))).toBeNull();
    expect(decodeEntry('secret', 'k', Object.defineProperty({}, 'v', { get: trap }))).toBeNull();
  });

  const polluting = ['__proto__', 'constructor', 'prototype'];
  it.each(polluting)('pollutes nothing by way of %s', (key) => {
    const evil = `{"${key}":{"polluted":true,"prototype":{"polluted":true}}`;
    const blob = JSON.stringify(encodeEntry('secret', 'k', sample));
    const inside = blob.replace('"meta":{', `"meta":${evil},`);
    const beside = `${evil},${blob.slice(1)}`;
    expect(decodeEntry('secret', 'k', parse(inside))).toBeNull();
    const back = decodeEntry('secret', 'k', parse(beside));
    expect(back && plain(back)).toEqual(plain(sample)); // what is not ours is not looked at
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect((back as { polluted?: boolean } | null)?.polluted).toBeUndefined();
  });
});

const sample: Entry = {
  epoch: '7301.1.5.abc/schema',
  stamp: 4711,
  tags: ['E:ticket:7', 'P:ticket:site_id=3', 'L:ticket'],
  body: new Uint8Array(Buffer.from('{"ticket":{"title":"Zoë"}}')),
  meta: { scope: 'TENANT' },
  storedAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_000_300_000,
  freshFromMs: 1_699_999_980_000,
  staleUntilMs: 1_700_000_900_000,
  costMs: 12.5,
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // the store itself rejects: a failed command
  }
}
