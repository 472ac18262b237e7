import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builder } from '../../src/graphql/builder.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { createWorld, testNow, type World } from '../support/world.ts';

// Fields that no module has: policies for clients, and an answer that is the same for everybody.
builder.queryFields((t) => ({
  motto: t.string({
    description: 'The same for everybody.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: () => 'Stay fresh.',
  }),
  publicNote: t.string({
    description: 'The same for everybody; clients always ask.',
    cacheControl: { maxAge: 300, scope: 'PUBLIC' },
    resolve: () => 'Ask again.',
  }),
  publicByMistake: t.string({
    description: 'Declared to be the same for everybody, which it is not.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: (_root, _args, context) => context.viewer.personId,
  }),
  siteNames: t.stringList({
    description: 'Declared to be the same for everybody, and read from the rows of a tenant.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: async (_root, _args, { db }) => {
      const rows = await db.read.selectFrom('sites').select('name').orderBy('name').execute();
      return rows.map(({ name }) => name);
    },
  }),
  shared: t.string({
    description: 'Within a tenant.',
    cacheControl: { maxAge: 300, clientMaxAge: 60 },
    resolve: () => 'Within a tenant.',
  }),
  greeting: t.string({
    description: 'In the language of the client.',
    cacheControl: { maxAge: 300 },
    resolve: (_root, _args, { locale }) => `Hello in ${locale}`,
  }),
}));

let world: World;
let ask: AskHttp;
let clock = testNow;

beforeAll(async () => {
  world = await createWorld({ now: () => clock });
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
});
afterAll(() => world.close());

const later = (seconds: number) => (clock = new Date(clock.getTime() + seconds * 1000));
/** Asked until its scope is learned. */
async function kept(query: string, how = {}) {
  await ask.get({ query }, how);
  return ask.get({ query }, how);
}

describe('where the schema lets clients keep an answer', () => {
  it('they may for so long, but no longer than it is kept here', async () => {
    const query = 'query Sixty { shared }';
    expect((await kept(query)).headers['cache-control']).toBe('private, max-age=60');
    later(239);
    expect((await kept(query)).headers).toMatchObject({ 'cache-control': 'private, max-age=60', age: '239' });
    later(31);
    expect((await kept(query)).headers).toMatchObject({ 'cache-control': 'private, max-age=30', age: '270' });
    later(30);
    expect((await kept(query)).headers).toMatchObject({ 'cache-control': 'private, max-age=60', age: '0' });
  });

  it('caches on the way may too, if it is the same for everybody', async () => {
    expect((await kept('{ motto }')).headers).toMatchObject({
      'cache-control': 'public, max-age=60, s-maxage=60',
      vary: 'Accept',
    });
    expect((await kept('{ publicNote }')).headers['cache-control']).toBe('public, no-cache');
  });

  it('and may be told to forget it by tag, where it was asked for by GET', async () => {
    const query = 'query Motto { motto }';
    await kept(query);
    const { headers } = await ask.get({ query });
    expect(headers['cache-tag']).toMatch(/^[\w-]{16},[\w-]{16}$/);
    const byOther = await ask.get({ query }, { token: world.globex.people.member.token });
    expect(byOther.headers['cache-tag']).toBe(headers['cache-tag']);
    expect((await ask.post({ query })).headers).not.toHaveProperty('cache-tag');
    expect((await kept('{ shared }')).headers).not.toHaveProperty('cache-tag');
  });

  it('the strictest of an operation decides', async () => {
    const { headers } = await kept('{ motto shared }');
    expect(headers).toMatchObject({ 'cache-control': 'private, max-age=60', vary: 'Authorization, Accept' });
    expect((await kept('{ motto publicNote }')).headers['cache-control']).toBe('public, no-cache');
    expect((await kept('{ motto sites { name } }')).headers['cache-control']).toBe('private, no-cache');
  });

  it('a declaration that is not true is not believed: no cache on the way keeps it', async () => {
    for (const query of ['{ publicByMistake }', '{ siteNames }']) {
      const { headers } = await kept(query);
      expect(headers['cache-control'], query).toBe('private, max-age=60');
      expect(headers['vary'], query).toBe('Authorization, Accept');
      expect(headers).not.toHaveProperty('cache-tag');
    }
  });

  it('a 304 says it too', async () => {
    const { headers } = await kept('{ motto }');
    const again = await ask.get({ query: '{ motto }' }, { headers: { 'if-none-match': String(headers.etag) } });
    expect(again).toMatchObject({ status: 304, headers: { 'cache-control': 'public, max-age=60, s-maxage=60' } });
  });
});

describe('Vary', () => {
  it('names the language exactly where it was looked at, and each language has its answer', async () => {
    const german = await kept('{ greeting }', { headers: { 'accept-language': 'de-AT, en;q=0.5' } });
    expect(german.headers.vary).toBe('Authorization, Accept, Accept-Language');
    const french = await kept('{ greeting }', { headers: { 'accept-language': 'fr' } });
    expect([german.json.data.greeting, french.json.data.greeting]).toEqual(['Hello in de-AT', 'Hello in fr']);
    const other = await kept('{ shared }', { headers: { 'accept-language': 'fr' } });
    expect(other.headers.vary).toBe('Authorization, Accept');
  });
});
