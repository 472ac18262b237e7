import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../src/graphql/canonical.ts';

const text = fc.oneof(
  fc.constantFrom('', '0', '-0', '1', 'null', 'undefined', 'date:0', 'bytes:', '[]', '{}', '"', '\\', ',', ':', '1n'),
  fc.constantFrom('é', 'e\u0301', '\ud800', '\udc00', '\ufffd', '😀', '\0', '\u2028', '__proto__', 'constructor'),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
const leaf = fc.oneof(
  text,
  fc.constantFrom(0, -0, 1, 0.1, 1e21, 1e-7, 2 ** 53, 0n, 1n, true, false, null, Number.NaN, Infinity),
  fc.constantFrom(0, 1, Number.NaN).map((ms) => new Date(ms)),
  fc.uint8Array({ maxLength: 2 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: false }),
  ),
}));

/** Two values are the same only if this is. Written in another way than what it checks: types first, keys in pairs. */
function meaningOf(one: unknown): string {
  if (Array.isArray(one)) return `list(${one.map(meaningOf).join(' ')})`;
  if (one instanceof Date) return `date(${one.getTime()})`;
  if (one instanceof Uint8Array) return `bytes(${[...one].join(' ')})`;
  if (typeof one === 'object' && one !== null) {
    const members = Object.keys(one)
      .toSorted()
      .map((key) => `${codes(key)}=${meaningOf(Object.getOwnPropertyDescriptor(one, key)?.value)}`);
    return `object(${members.join(' ')})`;
  }
  if (typeof one === 'number') return `number(${Object.is(one, -0) ? 'minus zero' : one})`;
  return `${one === null ? 'null' : typeof one}(${codes(String(one))})`;
}

function codes(one: string): string {
  return Array.from({ length: one.length }, (_, index) => one.charCodeAt(index)).join('.');
}

describe('plain data as text', () => {
  it('is the same for equal data only: each of 20,000 values against all others', () => {
    const meanings = new Map<string, string>();
    fc.assert(
      fc.property(value, (one) => {
        const written = canonicalText(one);
        const meaning = meaningOf(one);
        expect(meanings.get(written) ?? meaning).toBe(meaning);
        meanings.set(written, meaning);
        expect(canonicalText(structuredClone(one))).toBe(written);
      }),
      { numRuns: 20_000 },
    );
    expect(new Set(meanings.values()).size).toBe(meanings.size); // nor has one value two texts
    expect(meanings.size).toBeGreaterThan(3_000);
  });

  const own = (json: string): unknown => JSON.parse(json);
  it.each<[name: string, one: unknown, other: unknown]>([
    ['null and absent', { a: null }, {}],
    ['null and its name', null, 'null'],
    ['zero and minus zero', 0, -0],
    ['zero and its digit', 0, '0'],
    ['a number and a big one', 1, 1n],
    ['a big number and its text', 1n, '1n'],
    ['an empty list and an empty object', [], {}],
    ['one list and one of one list', [1], [[1]]],
    ['two lists cut in another place', [[1], [2, 3]], [[1, 2], [3]]],
    ['a text with a comma and two texts', ['a,b'], ['a', 'b']],
    ['a text with a quote and two texts', ['a","b'], ['a', 'b']],
    ['a date and its milliseconds', new Date(0), 0],
    ['a date and its text', new Date(0), 'date:0'],
    ['a date and how it is written', new Date(0), new Date(0).toJSON()],
    ['bytes and their text', Buffer.from('a'), 'bytes:YQ'],
    ['composed and decomposed', 'é', 'e\u0301'],
    ['two lone surrogates', '\ud800', '\ud801'],
    ['a lone surrogate and what UTF-8 writes instead', '\ud800', '\ufffd'],
    ['upper and lower case', 'A', 'a'],
    ['a trailing space', 'a', 'a '],
    ['two keys of another case', { a: 1 }, { A: 1 }],
    ['a key and a value that changed places', { a: 'b' }, { b: 'a' }],
    ['a key that looks like two', { 'a":1,"b': 1 }, { a: 1, b: 1 }],
    ['a member called __proto__ and none', own('{"__proto__":{"a":1}}'), {}],
    ['two members called __proto__', own('{"__proto__":1}'), own('{"__proto__":2}')],
    ['a member called constructor and none', { constructor: 1 }, {}],
  ])('differs: %s', (_name, one, other) => {
    expect(canonicalText(one)).not.toBe(canonicalText(other));
  });

  it.each<[name: string, one: unknown, other: unknown]>([
    ['members in another order', { a: 1, b: { c: 1, d: 2 } }, { b: { d: 2, c: 1 }, a: 1 }],
    ['undefined and absent', { a: undefined }, {}],
    ['with and without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['one instant, written twice', new Date('2026-11-20T09:00:00Z'), new Date('2026-11-20T10:00:00+01:00')],
  ])('is the same: %s', (_name, one, other) => {
    expect(canonicalText(one)).toBe(canonicalText(other));
  });

  it.each<[name: string, value: unknown]>([
    ['a map', new Map([['a', 1]])],
    ['a set', new Set([1])],
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['an object of a class of its own', new URL('https://freshfield.test')],
    ['something of that kind within', { a: [new Map()] }],
  ])('is refused for %s: two may be alike or not', (_name, one) => {
    expect(() => canonicalText(one)).toThrow(TypeError);
  });
});
