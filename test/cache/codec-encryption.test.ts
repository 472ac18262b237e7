import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parseEncryptionKeys } from '../../src/cache/index.ts';
import type { Codec } from '../../src/cache/codec/codec.ts';
import { encrypting, keysNamed, longSample, plain, sample, signing } from './codec-samples.ts';

const [newest, middle, oldest] = keysNamed('2026c', '2026b', '2026a') as [Key, Key, Key];
type Key = ReturnType<typeof keysNamed>[number];

const encode = (codec: Codec, entry = sample) => codec.encode('acme', 'k', entry);
const decode = (codec: Codec, blob: unknown) => codec.decode('acme', 'k', blob);
const bytesOf = async (codec: Codec, entry = sample) => Buffer.from((await encode(codec, entry))?.b ?? '', 'base64');

describe('keys that are rotated', () => {
  it('open what they have written for as long as they are listed, and only the first writes', async () => {
    const old = await encode(encrypting(oldest));
    const rotated = encrypting(newest, middle, oldest);
    expect(plain(await decode(rotated, old))).toEqual(plain(sample));
    const written = await encode(rotated);
    expect(plain(await decode(encrypting(newest), written))).toEqual(plain(sample));
    expect(await decode(encrypting(oldest), written)).toBe('unknown-key');
    expect(await decode(encrypting(newest, middle), old)).toBe('unknown-key');
  });

  it('open each other’s when all nodes know both, whichever is first', async () => {
    const [before, after] = [encrypting(oldest, newest), encrypting(newest, oldest)];
    expect(plain(await decode(after, await encode(before)))).toEqual(plain(sample));
    expect(plain(await decode(before, await encode(after)))).toEqual(plain(sample));
  });

  it('are not taken for each other when they have one name', async () => {
    const [one, another] = [keysNamed('same'), keysNamed('same')];
    expect(await decode(encrypting(...another), await encode(encrypting(...one)))).toBe('damaged');
  });
});

describe('nodes with keys and nodes without', () => {
  it('do not believe each other: what is not encrypted is refused by those who encrypt', async () => {
    expect(await decode(encrypting(newest), await encode(signing()))).toBe('unencrypted');
    expect(await decode(signing(), await encode(encrypting(newest)))).toBe('encrypted');
  });
});

describe('what is encrypted', () => {
  it('shows the name of its key, and nothing of what it says', async () => {
    for (const entry of [sample, longSample]) {
      const text = (await bytesOf(encrypting(newest), entry)).toString('latin1');
      expect(text).toContain('2026c');
      for (const said of [entry.epoch, ...entry.tags, 'ticket', 'title', 'TENANT', 'acme', '4711', '1700000']) {
        expect(text).not.toContain(said);
      }
      const signed = (await bytesOf(signing(), sample)).toString('latin1');
      expect(signed).toContain('P:ticket:site_id=3'); // or the above would say nothing
    }
  });

  it('is never the same twice', async () => {
    const codec = encrypting(newest);
    const headBytes = 3 + newest.id.length;
    const ivs = new Set<string>();
    for (let index = 0; index < 2_000; index += 1) {
      ivs.add((await bytesOf(codec)).toString('hex', headBytes, headBytes + 12));
    }
    expect(ivs.size).toBe(2_000);
  });

  it('is refused under every other name of a key, even of one that is listed', async () => {
    const codec = encrypting(newest, middle);
    const bytes = await bytesOf(codec);
    bytes.write(middle.id, 3);
    expect(await decode(codec, { b: bytes.toString('base64') })).toBe('damaged');
    bytes.write('2026x', 3);
    expect(await decode(codec, { b: bytes.toString('base64') })).toBe('unknown-key');
  });
});

describe('a list of keys', () => {
  const key = () => randomBytes(32).toString('base64');
  const problemsOf = (text: string): string[] => {
    try {
      parseEncryptionKeys(text);
      return [];
    } catch (error) {
      return (error as { problems: string[] }).problems;
    }
  };

  it('is read in its order, with blanks around its commas', () => {
    expect(parseEncryptionKeys(`2026b:${key()}, a.B_c-1:${key()} `).map(({ id }) => id)).toEqual(['2026b', 'a.B_c-1']);
  });

  it('shows nothing of its keys in a log or as JSON', () => {
    const secret = key();
    const keys = parseEncryptionKeys(`a:${secret}`);
    const shown = `${inspect(keys, { depth: 9, showHidden: true })} ${JSON.stringify(keys)}`;
    for (const form of ['base64', 'hex', 'latin1'] as const) {
      expect(shown).not.toContain(Buffer.from(secret, 'base64').toString(form));
    }
  });

  const wrong: Record<string, [string, RegExp]> = {
    'a key without a name': [key(), /^Key 1 is not written as <name>:<base64>/],
    'an empty name': [`:${key()}`, /^Key 1 is not written as/],
    'a long name': [`${'n'.repeat(33)}:${key()}`, /^Key 1 is not written as/],
    'a name with a blank': [`my key:${key()}`, /^Key 1 is not written as/],
    'a name and a key in the wrong order': [`${key()}:2026a`, /^Key 1 is not written as/],
    'nothing after the last comma': [`a:${key()},`, /^Key 2 is not written as/],
    'an empty key': ['a:', /^Key 1 has 0 bytes and needs 32: `openssl rand -base64 32`/],
    'a short key': [`a:${randomBytes(16).toString('base64')}`, /^Key 1 has 16 bytes and needs 32/],
    'a long key': [`a:${randomBytes(33).toString('base64')}`, /^Key 1 has 33 bytes and needs 32/],
    'hexadecimal digits': [`a:${randomBytes(32).toString('hex')}`, /^Key 1 has 48 bytes and needs 32/],
    'a key that is not base64': [`a:${'*'.repeat(44)}`, /^Key 1 is not base64/],
    'a key without its padding': [`a:${key().slice(0, -1)}`, /^Key 1 is not base64/],
    'a key of zeros': [`a:${Buffer.alloc(32).toString('base64')}`, /^Key 1 is not random/],
    'a typed key': [`a:${Buffer.from('passwordpasswordpasswordpassword').toString('base64')}`, /^Key 1 is not random/],
    'a name twice': [`a:${key()},a:${key()}`, /^Key 2 has the name of key 1\.$/],
  };
  it.each(Object.entries(wrong))('is refused with %s, told where and what, and never the key', (_, [text, problem]) => {
    const problems = problemsOf(text);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    for (const part of text.split(/[:,]/)) {
      if (part.length > 4) expect(problems.join(' ')).not.toContain(part);
    }
  });

  it('is refused with the same key twice, and tells everything that is wrong at once', () => {
    const secret = key();
    expect(problemsOf(`a:${secret},b:${secret}`)).toEqual(['Key 2 is key 1 again under another name.']);
    expect(problemsOf(`a:${secret},nonsense,c:AAAA`)).toEqual([
      expect.stringMatching(/^Key 2 /),
      expect.stringMatching(/^Key 3 /),
    ]);
  });
});
