import { describe, expect, it } from 'vitest';
import { cacheStatus, type StatusReport } from '../../src/http/cache-status.ts';
import { cacheTagHeader } from '../../src/http/cache-tags.ts';
import { clientCacheHeaders, type KeptAnswer } from '../../src/http/client-cache-headers.ts';

const answer: KeptAnswer = {
  etag: '"tag"',
  storedAtMs: Date.parse('2026-11-20T09:00:00.999Z'),
  ageMs: 1_999,
  ttlMs: 60_000,
  scope: 'TENANT',
  clientMaxAgeS: 0,
  variesByLocale: false,
};

describe('what a client may keep', () => {
  it('says what it is and how old, in whole seconds', () => {
    expect(clientCacheHeaders(answer)).toEqual({
      ETag: '"tag"',
      'Last-Modified': 'Fri, 20 Nov 2026 09:00:00 GMT',
      Age: '1',
      'Cache-Control': 'private, no-cache',
      Vary: 'Authorization, Accept',
    });
  });

  const control: [what: string, changes: Partial<KeptAnswer>, field: string][] = [
    ['nothing, without asking', {}, 'private, no-cache'],
    ['its own answer, without asking', { scope: 'PRIVATE' }, 'private, no-cache'],
    ['for as long as the schema says', { clientMaxAgeS: 30 }, 'private, max-age=30'],
    ['never longer than what remains', { clientMaxAgeS: 90 }, 'private, max-age=60'],
    ['not what has less than a second left', { clientMaxAgeS: 90, ttlMs: 999 }, 'private, no-cache'],
    ['not what has expired', { clientMaxAgeS: 90, ttlMs: -5_000 }, 'private, no-cache'],
    ['a public answer that is asked for', { scope: 'PUBLIC' }, 'public, no-cache'],
    ['a public answer', { scope: 'PUBLIC', clientMaxAgeS: 30 }, 'public, max-age=30, s-maxage=30'],
    ['a public answer until it ends', { scope: 'PUBLIC', clientMaxAgeS: 90 }, 'public, max-age=60, s-maxage=60'],
    ['a private answer, though a time is given', { scope: 'PRIVATE', clientMaxAgeS: 30 }, 'private, max-age=30'],
  ];
  for (const [what, changes, field] of control) {
    it(what, () => expect(clientCacheHeaders({ ...answer, ...changes })['Cache-Control']).toBe(field));
  }

  it('varies by who asks, except where everybody gets the same', () => {
    const vary = (changes: Partial<KeptAnswer>) => clientCacheHeaders({ ...answer, ...changes })['Vary'];
    expect(vary({ scope: 'PRIVATE' })).toBe('Authorization, Accept');
    expect(vary({ scope: 'PUBLIC' })).toBe('Accept');
    expect(vary({ variesByLocale: true })).toBe('Authorization, Accept, Accept-Language');
    expect(vary({ scope: 'PUBLIC', variesByLocale: true })).toBe('Accept, Accept-Language');
  });

  it('is never younger than new', () => {
    expect(clientCacheHeaders({ ...answer, ageMs: -5 })['Age']).toBe('0');
  });
});

describe('Cache-Status', () => {
  const cases: [report: Partial<StatusReport>, stored: boolean, field: string][] = [
    [{ status: 'HIT' }, false, 'hit; ttl=59'],
    [{ status: 'HIT', ttlMs: 0 }, false, 'hit; ttl=0'],
    [{ status: 'STALE', ttlMs: -1_500, reason: 'expired' }, false, 'hit; ttl=-2; detail="expired"'],
    [{ reason: 'absent' }, true, 'fwd=miss; stored; ttl=59; detail="absent"'],
    [{ reason: 'absent' }, false, 'fwd=miss; detail="absent"'],
    [{ reason: 'absent', ttlMs: 0 }, true, 'fwd=miss; detail="absent"'],
    [{ reason: null }, true, 'fwd=miss; stored; ttl=59'],
    [{ reason: 'changed: ticket' }, true, 'fwd=stale; stored; ttl=59; detail="changed: ticket"'],
    [{ reason: 'expired' }, true, 'fwd=stale; stored; ttl=59; detail="expired"'],
    [{ reason: 'refresh' }, true, 'fwd=request; stored; ttl=59; detail="refresh"'],
    [{ status: 'BYPASS', reason: 'no-store' }, false, 'fwd=request; detail="no-store"'],
    [{ status: 'BYPASS', reason: 'it has errors' }, false, 'fwd=bypass; detail="it has errors"'],
    [
      { status: 'BYPASS', reason: 'a "quoted" \\ and\r\nX-Evil: 1; é' },
      false,
      String.raw`fwd=bypass; detail="a \"quoted\" \\ and??X-Evil: 1; ?"`,
    ],
  ];
  for (const [report, stored, field] of cases) {
    it(field, () => {
      const whole: StatusReport = { status: 'MISS', ttlMs: 59_900, reason: null, ...report };
      expect(cacheStatus(whole, { stored, detail: true })).toBe(`freshfield; ${field}`);
      expect(cacheStatus(whole, { stored, detail: false })).not.toContain('detail');
    });
  }

  it('is short, however long the reason', () => {
    const report = { status: 'BYPASS', ttlMs: 0, reason: 'x'.repeat(10_000) } as const;
    expect(cacheStatus(report, { stored: false, detail: true }).length).toBeLessThan(200);
  });
});

describe('Cache-Tag', () => {
  const secret = 'a secret of the database';
  const of = (operationName: string | null, key = secret) => cacheTagHeader({ secret: key, operationName }).split(',');

  it('has a tag that all share, and one of the operation', () => {
    const [all, motto] = of('Motto');
    expect(of('Motto')).toEqual([all, motto]);
    expect(of('Other')[0]).toBe(all);
    expect(of('Other')[1]).not.toBe(motto);
    expect(of(null)).toEqual([all]);
  });

  it('is short, whatever the name, and means nothing to those without the secret', () => {
    expect(cacheTagHeader({ secret, operationName: 'x'.repeat(30_000) })).toMatch(/^[\w-]{16},[\w-]{16}$/);
    for (const tag of of('Motto', 'another')) expect(of('Motto')).not.toContain(tag);
  });
});
