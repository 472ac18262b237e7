import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKey, type KeyPart } from '../../src/cache/index.ts';

/** Texts that look like each other, like other types, or like the way parts are put together. */
const trickyText = fc.oneof(
  fc.constantFrom('', '|', ';', ':', '1', '0', 'null', 'true', 's1:', '1;s1:a', 'n1:1', '8', '6', '8a', 'a', 'aa'),
  fc.constantFrom('é', 'e\u0301', '\ud800', '\udc00', '\udc00\ud800', '😀', '\ufffd', '\0', 'ﬀ', 'K', 'K'),
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.string({ maxLength: 3 }),
);
const part: fc.Arbitrary<KeyPart> = fc.oneof(
  { weight: 4, arbitrary: trickyText },
  fc.constantFrom(0, -0, 1, -1, 0.1, 1e21, Number.NaN, Infinity, -Infinity, 2 ** 53),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 3 }),
);
const parts = fc.array(part, { maxLength: 4 });

/** Two lists are the same only if this is. */
function meaningOf(list: readonly KeyPart[]): string {
  const meanings = list.map((value) => {
    if (value instanceof Uint8Array) return ['bytes', ...value];
    if (typeof value === 'number') return ['number', Object.is(value, -0) ? '-0' : String(value)];
    return [typeof value, value];
  });
  return JSON.stringify(meanings); // writes lone surrogates as escapes: nothing is lost
}

describe('the key of an entry', () => {
  it('differs for any two lists of parts that differ: each of 20,000 against all others', () => {
    const meanings = new Map<string, string>();
    const check = (list: readonly KeyPart[]) => {
      const key = createKey('secret', list);
      const meaning = meaningOf(list);
      expect(meanings.get(key) ?? meaning).toBe(meaning);
      meanings.set(key, meaning);
      return key;
    };
    fc.assert(
      fc.property(parts, (list) => {
        expect(check(list)).toBe(createKey('secret', [...list])); // and is the same for the same
      }),
      { numRuns: 20_000 },
    );
    expect(meanings.size).toBeGreaterThan(5_000); // more than ten million pairs
  });

  it('differs when two neighbours are joined, split or swapped', () => {
    fc.assert(
      fc.property(trickyText, trickyText, parts, parts, (one, other, before, after) => {
        const keyOf = (...middle: KeyPart[]) => createKey('secret', [...before, ...middle, ...after]);
        const keys = new Set([keyOf(one, other), keyOf(one + other), keyOf(one + other, ''), keyOf('', one + other)]);
        const meanings = new Set([
          meaningOf([...before, one, other, ...after]),
          meaningOf([...before, one + other, ...after]),
          meaningOf([...before, one + other, '', ...after]),
          meaningOf([...before, '', one + other, ...after]),
        ]);
        expect(keys.size).toBe(meanings.size);
      }),
      { numRuns: 5_000 },
    );
  });

  const bytes = (...values: number[]) => new Uint8Array(values);
  const pairs: [name: string, one: KeyPart[], other: KeyPart[]][] = [
    ['nothing and an empty text', [], ['']],
    ['one empty text and two', [''], ['', '']],
    ['a text and its characters', ['ab'], ['a', 'b']],
    ['the same cut at another place', ['ab', 'c'], ['a', 'bc']],
    ['the separator of a join', ['a|b'], ['a', 'b']],
    ['an empty part before and after', ['', 'a'], ['a', '']],
    ['a number and its digits', [1], ['1']],
    ['a number and its byte', [1], [bytes(1)]],
    ['a text and its bytes', ['a'], [bytes(0x61)]],
    ['an empty text and no bytes', [''], [bytes()]],
    ['null and its name', [null], ['null']],
    ['null and nothing', [null], []],
    ['true and its name', [true], ['true']],
    ['true and one', [true], [1]],
    ['false and null', [false], [null]],
    ['zero and minus zero', [0], [-0]],
    ['not a number and its name', [Number.NaN], ['NaN']],
    ['infinity and minus infinity', [Infinity], [-Infinity]],
    ['composed and decomposed', ['é'], ['e\u0301']],
    ['two lone surrogates', ['\ud800'], ['\ud801']],
    ['a lone surrogate and what UTF-8 writes instead', ['\ud800'], ['\ufffd']],
    ['surrogates in and out of order', ['\ud83d\ude00'], ['\ude00\ud83d']],
    ['a text and the same as UTF-16', ['a\ud800'], ['a\ud800'.slice(0, 1), '\ud800']],
    ['a text that begins like its encoding', ['8a'], ['a']],
    ['a text that looks like an encoded list', ['s1:a'], ['a']],
    ['a letter and one that looks like it', ['K'], ['\u212a']],
    ['a trailing zero', ['a'], ['a\0']],
    ['upper and lower case', ['A'], ['a']],
  ];
  it.each(pairs)('differs: %s', (_name, one, other) => {
    expect(createKey('secret', one)).not.toBe(createKey('secret', other));
  });

  it('cannot be made or understood without the secret', () => {
    expect(createKey('secret', ['a'])).not.toBe(createKey('another', ['a']));
    expect(createKey('secret', ['a'])).not.toBe(createKey('', ['a']));
    expect(createKey('secret', ['canary'])).toMatch(/^[\w-]{43}$/);
  });
});
