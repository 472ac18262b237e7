import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../src/cache/codec/codec.ts';
import {
  anyEntry,
  anyName,
  encrypting,
  keysNamed,
  longSample,
  plain,
  readText,
  sample,
  signing,
  storedText,
  travel,
} from './codec-samples.ts';

const [current, older] = keysNamed('2026b', '2026a');
const codecs: Record<string, Codec> = { signed: signing(), encrypted: encrypting(current!, older!) };

describe.each(Object.entries(codecs))('an entry in a remote store, %s', (_, codec) => {
  it('comes back as it went, whatever its bytes, its names and its size', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntry, anyName, anyName, async (entry, tenant, key) => {
        const back = await codec.decode(tenant, key, travel(await codec.encode(tenant, key, entry)));
        expect(plain(back)).toEqual(plain(entry));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused for another tenant or under another key', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntry, anyName, anyName, anyName, async (entry, tenant, key, other) => {
        fc.pre(other !== tenant && other !== key);
        const blob = travel(await codec.encode(tenant, key, entry));
        expect(await codec.decode(other, key, blob)).toBe('damaged');
        expect(await codec.decode(tenant, other, blob)).toBe('damaged');
        if (tenant !== key) expect(await codec.decode(key, tenant, blob)).toBe('damaged');
      }),
      { numRuns: 500 },
    );
  });

  it.each(Object.entries({ short: sample, compressed: longSample }))(
    'is refused when any single bit of what lies in the store was flipped: %s',
    async (_size, entry) => {
      const text = Buffer.from(await storedText(codec, 'acme', 'k', entry));
      expect(plain(await readText(codec, 'acme', 'k', text.toString()))).toEqual(plain(entry));
      for (let bit = 0; bit < text.length * 8; bit += 1) {
        const damaged = Buffer.from(text);
        damaged[bit >> 3]! ^= 1 << (bit & 7);
        expect(typeof (await readText(codec, 'acme', 'k', damaged.toString('latin1'))), `bit ${bit}`).toBe('string');
      }
    },
  );

  it('is refused when any bit of any entry’s bytes was flipped', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntry, fc.nat(), async (entry, somewhere) => {
        const bytes = Buffer.from((await codec.encode('acme', 'k', entry))?.b ?? '', 'base64');
        const bit = somewhere % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(typeof (await codec.decode('acme', 'k', { b: bytes.toString('base64') }))).toBe('string');
      }),
      { numRuns: 1_000 },
    );
  });

  it('is refused when it was cut short, at either end, or is longer than it was', async () => {
    const text = await storedText(codec, 'acme', 'k', sample);
    for (let length = 0; length < text.length; length += 1) {
      expect(await readText(codec, 'acme', 'k', text.slice(0, length))).toBe('no JSON');
    }
    const bytes = Buffer.from((await codec.encode('acme', 'k', sample))?.b ?? '', 'base64');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(typeof (await codec.decode('acme', 'k', { b: bytes.toString('base64', 0, length) }))).toBe('string');
      expect(typeof (await codec.decode('acme', 'k', { b: bytes.toString('base64', length + 1) }))).toBe('string');
    }
    const longer = Buffer.concat([bytes, Buffer.of(0)]).toString('base64');
    expect(await codec.decode('acme', 'k', { b: longer })).toBe('damaged');
  });

  it('is of another version, or of none, when its first byte says so', async () => {
    const bytes = Buffer.from((await codec.encode('acme', 'k', sample))?.b ?? '', 'base64');
    for (const version of [0, 1, 2, 4, 255]) {
      bytes[0] = version;
      expect(await codec.decode('acme', 'k', { b: bytes.toString('base64') })).toBe('version');
    }
  });

  it('is never believed, and never throws, for anything a store may hand back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything({ withProxy: true } as never), async (anything) => {
        expect(await codec.decode('acme', 'k', anything)).toBeTypeOf('string');
        expect(await codec.decode('acme', 'k', { b: anything })).toBeTypeOf('string');
      }),
      { numRuns: 2_000 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(1, 2, 3), async (bytes, kind) => {
        const b = Buffer.from([3, kind, ...bytes]).toString('base64');
        expect(typeof (await codec.decode('acme', 'k', { b }))).toBe('string');
      }),
      { numRuns: 2_000 },
    );
    const trap = () => {
      throw new Error('trapped');
    };
    expect(await codec.decode('acme', 'k', new Proxy({}, { get: trap, has: trap, ownKeys: trap }))).toBe('foreign');
    expect(await codec.decode('acme', 'k', Object.defineProperty({}, 'b', { get: trap }))).toBe('foreign');
  });

  it('is not looked at beyond what is ours', async () => {
    const blob = { ...(await codec.encode('acme', 'k', sample)), other: 1 };
    const polluting = JSON.parse(JSON.stringify(blob).replace('{', '{"__proto__":{"polluted":true},'));
    const back = await codec.decode('acme', 'k', polluting);
    expect(plain(back)).toEqual(plain(sample));
    expect(back).not.toHaveProperty('polluted');
  });
});

describe('an entry that is signed', () => {
  it('is refused by those who have another secret', async () => {
    const blob = await signing('one').encode('acme', 'k', sample);
    expect(await signing('another').decode('acme', 'k', blob)).toBe('damaged');
  });
});
