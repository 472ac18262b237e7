import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noDirectives, requestDirectives } from '../../src/http/request-directives.ts';

const of = (field: string) => requestDirectives({ 'cache-control': field });

describe('Cache-Control of a request', () => {
  const cases: [field: string, directives: Partial<typeof noDirectives>][] = [
    ['', {}],
    ['no-cache', { noCache: true }],
    ['No-Cache', { noCache: true }],
    ['no-store', { noStore: true }],
    ['only-if-cached', { onlyIfCached: true }],
    ['max-age=0', { maxAgeS: 0 }],
    ['max-age=60', { maxAgeS: 60 }],
    ['max-age="60"', { maxAgeS: 60 }],
    ['MAX-AGE=60', { maxAgeS: 60 }],
    ['no-cache, no-store,only-if-cached , max-age=5', { noCache: true, noStore: true, onlyIfCached: true, maxAgeS: 5 }],
    ['max-age=60, max-age=5', { maxAgeS: 5 }],
    ['max-age=99999999999999999999', { maxAgeS: 2 ** 31 }],
    // Nothing that the cache knows.
    ['max-stale=60, min-fresh=5, no-transform', {}],
    ['x-no-cache', {}],
    ['no-cached', {}],
    ['public;private', {}],
    // What cannot be read is read carefully.
    ['max-age', { maxAgeS: 0 }],
    ['max-age=', { maxAgeS: 0 }],
    ['max-age=soon', { maxAgeS: 0 }],
    ['max-age=-1', { maxAgeS: 0 }],
    ['max-age=1.5', { maxAgeS: 0 }],
    ['no-cache="authorization"', { noCache: true }],
    ['max-age="60', { maxAgeS: 0 }],
  ];
  for (const [field, expected] of cases) {
    it(JSON.stringify(field), () => expect(of(field)).toEqual({ ...noDirectives, ...expected }));
  }

  it('asks for nothing where there is none; Pragma is not looked at', () => {
    expect(requestDirectives({})).toEqual(noDirectives);
    expect(requestDirectives({ pragma: 'no-cache' })).toEqual(noDirectives);
  });

  it('never fails, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (field) => {
        const { maxAgeS } = of(field);
        expect(maxAgeS === null || maxAgeS >= 0).toBe(true);
      }),
    );
  });
});
