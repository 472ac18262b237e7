import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { etagOf, namesEtag } from '../../src/http/etag.ts';

const bytes = fc.uint8Array({ maxLength: 64 });

describe('an entity tag', () => {
  it('is the same for the same bytes, and for no others', () => {
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        expect(etagOf(one) === etagOf(other)).toBe(Buffer.from(one).equals(Buffer.from(other)));
        expect(etagOf(Buffer.from(one))).toBe(etagOf(one));
      }),
    );
  });

  it('does not depend on how the bytes were cut into parts', () => {
    fc.assert(
      fc.property(bytes, fc.nat(64), (whole, at) => {
        expect(etagOf(whole.subarray(0, at), whole.subarray(at))).toBe(etagOf(whole));
      }),
    );
    expect(etagOf('{"data":', Buffer.from('1'), '}')).toBe(etagOf('{"data":1}'));
  });

  it('is quoted, strong, and of at least 128 bits', () => {
    expect(etagOf('')).toMatch(/^"[\w-]{24}"$/);
  });
});

describe('If-None-Match', () => {
  const etag = etagOf('answer');
  const names: Record<string, string> = {
    'the tag': etag,
    'the tag, weak': `W/${etag}`,
    'a list with it at the end': `"other", W/"third",${etag}`,
    'a list with it at the start': `${etag} , "other"`,
    'a list with empty places': `, ${etag},,`,
    'a list whose other tag holds a comma': `"a,b", ${etag}`,
    'a list whose other tag is empty': `"", ${etag}`,
    anything: '*',
    'anything, with spaces': ' * ',
  };
  for (const [what, field] of Object.entries(names)) {
    it(`names it: ${what}`, () => expect(namesEtag(field, etag)).toBe(true));
  }

  const others: Record<string, string | undefined> = {
    'no field': undefined,
    'an empty field': '',
    'another tag': '"other"',
    'the tag without quotes': etag.slice(1, -1),
    'half a tag': etag.slice(0, -1),
    'the tag within another': `"x${etag.slice(1)}`,
    'the tag between quotes of others': `"a${etag}b"`,
    'a list with something broken': `${etag}, broken`,
    'a star among tags': `*, "other"`,
    'a small w': `w/${etag}`,
    'a weak mark apart': `W/ ${etag}`,
    'a tag with a space': '"a b"',
    'a thousand quotes': '"'.repeat(1001),
    'a long list of others': Array.from({ length: 500 }, (_, index) => `"${index}"`).join(),
  };
  for (const [what, field] of Object.entries(others)) {
    it(`does not name it: ${what}`, () => expect(namesEtag(field, etag)).toBe(false));
  }

  it('names a tag exactly where a list holds it, whatever else it holds', () => {
    const opaque = fc.stringMatching(/^[!#-~]{0,12}$/).map((text) => `"${text}"`);
    const listed = fc.tuple(opaque, fc.boolean()).map(([tag, weak]) => ({ tag, text: weak ? `W/${tag}` : tag }));
    fc.assert(
      fc.property(fc.array(listed, { maxLength: 6 }), opaque, (list, tag) => {
        const field = list.map(({ text }) => text).join(', ');
        expect(namesEtag(field, tag)).toBe(list.some((item) => item.tag === tag));
      }),
    );
  });
});
