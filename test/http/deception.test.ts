import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builder } from '../../src/graphql/builder.ts';
import { send, type RawAnswer } from '../support/send.ts';
import { createWorld, type World } from '../support/world.ts';

// A field that no module has: an answer that caches on the way may keep for everybody.
builder.queryFields((t) => ({
  slogan: t.string({
    description: 'The same for everybody.',
    cacheControl: { maxAge: 300, clientMaxAge: 60, scope: 'PUBLIC' },
    resolve: () => 'Stay fresh.',
  }),
}));

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const canary = 'canary.test';
const shared = '{ slogan }';
const tenants = '{ sites { name } tenant { slug } }';
const personal = '{ viewer { person { email } roles { key } } }';

const get = (query: string, { token, headers, path = '/graphql' }: Options) =>
  send(world.baseUrl, {
    method: 'GET',
    path: `${path}?${new URLSearchParams({ query })}`,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
  });
interface Options {
  token?: string;
  headers?: Record<string, string>;
  path?: string;
}

/** Of each answer, and of nobody's asking. */
const ofTheMoment = new Set(['age', 'cache-status', 'content-length', 'date', 'server-timing', 'x-request-id']);

/** What a cache on the way would keep; the report of the cache is another each time. */
function kept({ status, headers, json }: RawAnswer) {
  const lasting = Object.entries(headers).filter(([name]) => !ofTheMoment.has(name));
  return { status, headers: Object.fromEntries(lasting), data: json?.data };
}

describe('a header that is part of no key changes nothing that others could be given:', () => {
  const headers: Record<string, string> = {
    'accept-charset': 'utf-16',
    'accept-encoding': 'gzip, br',
    'accept-language': 'xx',
    'cache-tag': canary,
    'cdn-cache-control': 'public, max-age=600',
    'client-ip': canary,
    cookie: `session=${canary}`,
    'content-location': `https://${canary}/`,
    etag: `"${canary}"`,
    forwarded: `for=1.2.3.4;host=${canary};proto=http`,
    from: `somebody@${canary}`,
    'if-modified-since': 'Fri, 20 Nov 2099 09:00:00 GMT',
    'if-range': `"${canary}"`,
    origin: `https://${canary}`,
    pragma: canary,
    prefer: `return=minimal; ${canary}`,
    range: 'bytes=0-3',
    referer: `https://${canary}/`,
    'surrogate-capability': canary,
    'surrogate-control': 'max-age=600',
    te: 'trailers',
    'true-client-ip': canary,
    'user-agent': canary,
    via: `1.1 ${canary}`,
    'x-accel-redirect': '/metrics',
    'x-amz-website-redirect-location': `https://${canary}/`,
    'x-api-version': canary,
    'x-cache-token': '1',
    'x-forwarded-for': canary,
    'x-forwarded-host': canary,
    'x-forwarded-port': '1',
    'x-forwarded-prefix': `/${canary}`,
    'x-forwarded-proto': 'http',
    'x-forwarded-scheme': 'http',
    'x-forwarded-server': canary,
    'x-forwarded-user': 'admin@acme.test',
    'x-host': canary,
    'x-http-host-override': canary,
    'x-http-method-override': 'POST',
    'x-method-override': 'DELETE',
    'x-original-host': canary,
    'x-original-url': '/metrics',
    'x-person': 'admin@acme.test',
    'x-remote-user': 'admin',
    'x-rewrite-url': '/metrics',
    'x-role': 'admin',
    'x-tenant': 'globex',
    'x-tenant-id': 'globex',
    'x-wap-profile': `https://${canary}/`,
  };
  it('at least 45 of them', () => expect(Object.keys(headers).length).toBeGreaterThanOrEqual(45));

  it.each(Object.entries(headers))('%s', async (name, value) => {
    const { member } = world.acme.people;
    for (const query of [shared, tenants, personal]) {
      // Never asked before: what the first is answered is what others would find.
      const fresh = `query ${`Of_${name}`.replaceAll('-', '_')} ${query}`;
      const poisoned = await get(fresh, { token: member.token, headers: { [name]: value } });
      const plain = await get(fresh, { token: member.token });
      expect(kept(poisoned)).toEqual(kept(plain));
      expect(plain.json.errors).toBeUndefined();
      expect(JSON.stringify([poisoned.headers, poisoned.text, plain.headers, plain.text])).not.toContain(canary);
      expect(Object.keys(poisoned.headers).filter((sent) => sent.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('an address that only looks like one of a file is no way to an answer:', () => {
  const paths = [
    '/graphql/x.css',
    '/graphql/assets/x.js',
    '/graphql/assets/../../graphql',
    '/graphql/..%2fgraphql',
    '/graphql;x.css',
    '/graphql%3bx.css',
    '/graphql%00.css',
    '/graphql%0a.css',
    '/graphql%2e',
    '/graphql.css',
    '/graphql.json',
    '/graphql%20',
    '/graphql//',
    '/./graphql',
    '/x/../graphql',
    '/static/..%2fgraphql',
    '/GraphQL',
    '/graphq%6c',
    '/graphql#x.css',
    '/graphql\\x.css',
    `http://${canary}/graphql`,
  ];
  it.each(paths)('%s', async (path) => {
    const { token } = world.acme.people.admin;
    for (const query of [shared, personal]) {
      const answer = await get(query, { token, path });
      expect(answer.status).toBe(404);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.text).not.toMatch(/admin@acme|Stay fresh|canary/);
    }
  });
});

describe('what caches on the way are told', () => {
  it('says whose an answer is wherever it is not for everybody', async () => {
    const { admin, member } = world.acme.people;
    for (const query of [tenants, personal]) {
      for (const { token } of [admin, member]) {
        const { headers } = await get(query, { token });
        expect(headers['cache-control']).toMatch(/^private, /);
        expect(headers['vary']).toMatch(/^Authorization, /);
        expect(headers).not.toHaveProperty('cache-tag');
      }
    }
    const { headers } = await get(shared, { token: member.token });
    expect(headers).toMatchObject({ 'cache-control': 'public, max-age=60, s-maxage=60', vary: 'Accept' });
  });

  it.each<[what: string, query: string, options: () => Options]>([
    ['no token', personal, () => ({})],
    ['a token that is none', shared, () => ({ token: 'x.y.z' })],
    [
      'an answer that is forbidden',
      '{ dashboard { people { active } } }',
      () => ({ token: world.acme.people.member.token }),
    ],
    [
      'an answer that is forbidden, beside one for everybody',
      '{ slogan dashboard { people { active } } }',
      () => ({ token: world.acme.people.member.token }),
    ],
    ['a document that does not fit', '{ slogans }', () => ({ token: world.acme.people.member.token })],
    [
      'only-if-cached, and nothing is',
      '{ never: slogan }',
      () => ({ token: world.acme.people.member.token, headers: { 'cache-control': 'only-if-cached' } }),
    ],
    ['no-store', shared, () => ({ token: world.acme.people.member.token, headers: { 'cache-control': 'no-store' } })],
    ['a forged request', shared, () => ({ headers: { 'sec-fetch-site': 'cross-site' } })],
  ])('is to keep nothing of %s', async (_what, query, options) => {
    const { headers } = await get(query, options());
    expect(headers['cache-control']).toBe('no-store');
    for (const name of ['etag', 'age', 'last-modified', 'cache-tag', 'expires'])
      expect(headers).not.toHaveProperty(name);
  });
});
