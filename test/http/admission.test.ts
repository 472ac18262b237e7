import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { send, type RawAnswer, type SentRequest } from '../support/send.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const body = JSON.stringify({ query: '{ __typename }' });
const json = { 'content-type': 'application/json' };
const get = '/graphql?query={__typename}';
const token = () => ({ authorization: `Bearer ${world.acme.people.member.token}` });
const ask = (request: SentRequest) => send(world.baseUrl, request);
const code = (answer: RawAnswer) => answer.json?.errors?.[0]?.extensions?.code;

describe('a request that another site could have made a browser send is refused:', () => {
  const multipart = 'multipart/form-data; boundary=b';
  const form = 'application/x-www-form-urlencoded';
  const forged: Record<string, [status: number, request: SentRequest]> = {
    'a POST of text': [415, { body, headers: { 'content-type': 'text/plain' } }],
    'a POST of text in UTF-8': [415, { body, headers: { 'content-type': 'text/plain;charset=UTF-8' } }],
    'a POST of text that mentions JSON': [415, { body, headers: { 'content-type': 'text/plain; application/json' } }],
    'a POST of text, JSON': [415, { body, headers: { 'content-type': 'text/plain, application/json' } }],
    'a POST of JSON, text': [415, { body, headers: { 'content-type': 'application/json, text/plain' } }],
    'a POST without a type': [415, { body, headers: {} }],
    'a POST with an empty type': [415, { body, headers: { 'content-type': '' } }],
    'a form': [415, { body: 'query={__typename}', headers: { 'content-type': form } }],
    'a form that is JSON': [415, { body, headers: { 'content-type': form } }],
    'an upload': [415, { body: '--b--', headers: { 'content-type': multipart } }],
    'an upload with operations': [
      415,
      {
        body: `--b\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${body}\r\n--b--\r\n`,
        headers: { 'content-type': multipart },
      },
    ],
    'a POST of GraphQL text': [415, { body: '{ __typename }', headers: { 'content-type': 'application/graphql' } }],
    'a POST of something like JSON': [415, { body, headers: { 'content-type': 'application/jsonp' } }],
    'a POST of JSON within text': [415, { body, headers: { 'content-type': 'text/json' } }],
    'a POST of JSON in UTF-16': [415, { body, headers: { 'content-type': 'application/json; charset=utf-16' } }],
    'a POST of packed JSON': [415, { body, headers: { ...json, 'content-encoding': 'gzip' } }],
    'a GET with a form type': [415, { method: 'GET', path: get, headers: { 'content-type': form } }],
    'a GET with a text type': [415, { method: 'GET', path: get, headers: { 'content-type': 'text/plain' } }],
    'a GET with an upload type': [415, { method: 'GET', path: get, headers: { 'content-type': multipart } }],
    'an image': [
      403,
      { method: 'GET', path: get, headers: { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' } },
    ],
    'a script': [403, { method: 'GET', path: get, headers: { 'sec-fetch-dest': 'script' } }],
    'a frame': [403, { method: 'GET', path: get, headers: { 'sec-fetch-dest': 'iframe' } }],
    'a style': [403, { method: 'GET', path: get, headers: { 'sec-fetch-dest': 'style' } }],
    'a GET from another site': [403, { method: 'GET', path: get, headers: { 'sec-fetch-site': 'cross-site' } }],
    'a GET from a sibling': [403, { method: 'GET', path: get, headers: { 'sec-fetch-site': 'same-site' } }],
    'a GET in no-cors mode': [403, { method: 'GET', path: get, headers: { 'sec-fetch-mode': 'no-cors' } }],
    'a link from another site': [
      403,
      { method: 'GET', path: get, headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'document' } },
    ],
    'a GET of an older browser': [403, { method: 'GET', path: get, headers: { origin: 'https://evil.test' } }],
    'a GET of a page without an origin': [403, { method: 'GET', path: get, headers: { origin: 'null' } }],
    'a preflight': [405, { method: 'OPTIONS', headers: { origin: 'https://evil.test' } }],
  };
  it('at least 25 of them', () => expect(Object.keys(forged).length).toBeGreaterThanOrEqual(25));
  for (const [what, [status, request]] of Object.entries(forged)) {
    it(what, async () => {
      const answer = await ask(request);
      expect(answer.status).toBe(status);
      expect(answer.json).toMatchObject({ errors: [{ extensions: { code: expect.any(String) } }] });
      expect(answer.json).not.toHaveProperty('data');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    });
  }

  const honest: Record<string, () => SentRequest> = {
    'a POST of JSON': () => ({ body, headers: json }),
    'a POST of JSON in UTF-8': () => ({ body, headers: { 'content-type': 'Application/JSON; Charset="UTF-8"' } }),
    'a GET of a program': () => ({ method: 'GET', path: get }),
    'a GET of our own page': () => ({
      method: 'GET',
      path: get,
      headers: { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' },
    }),
    'a GET of our own origin': () => ({ method: 'GET', path: get, headers: { origin: world.baseUrl } }),
    'a GET with a token': () => ({ method: 'GET', path: get, headers: { ...token(), 'sec-fetch-site': 'cross-site' } }),
    'a GET with X-Requested-With': () => ({
      method: 'GET',
      path: get,
      headers: { 'x-requested-with': 'XMLHttpRequest', 'sec-fetch-site': 'cross-site' },
    }),
  };
  for (const [what, request] of Object.entries(honest)) {
    it(`but not ${what}`, async () =>
      expect((await ask(request())).json).toMatchObject({ data: { __typename: 'Query' } }));
  }
});

describe('methods and paths', () => {
  it.each(['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])('%s /graphql is not allowed', async (method) => {
    const answer = await ask({ method, headers: { ...json, ...token() } });
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
  });

  it('refuses a mutation over GET', async () => {
    const query = 'mutation { upsertChoice(input: { kind: ASSET_TYPE, label: "x" }) { __typename } }';
    for (const path of [`/graphql?query=${encodeURIComponent(query)}`, '/graphql?query=mutation{__typename}']) {
      const answer = await ask({ method: 'GET', path, headers: token() });
      expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } });
      expect(code(answer)).toBe('BAD_USER_INPUT');
    }
  });

  it('takes variables and the operation by name over GET', async () => {
    const query = 'query A($first: Int) { assets(first: $first) { totalCount } } query B { __typename }';
    const search = new URLSearchParams({ query, operationName: 'A', variables: '{"first":1}' });
    const answer = await ask({ method: 'GET', path: `/graphql?${search}`, headers: token() });
    expect(answer.json).toMatchObject({ data: { assets: { totalCount: 0 } } });
  });

  it.each(['/', '/graphq', '/graphql/', '/graphql/x', '/%2e%2e/graphql', '/metrics', '//graphql', '/health', '/.env'])(
    'there is nothing at %s',
    async (path) => {
      const answer = await ask({ method: 'GET', path });
      expect(answer.status).toBe(404);
      expect(code(answer)).toBe('NOT_FOUND');
    },
  );
});

describe("what cannot be read is the client's mistake:", () => {
  const wrong: Record<string, SentRequest> = {
    'no body': { headers: json },
    'half a JSON': { headers: json, body: '{"query":' },
    'JSON null': { headers: json, body: 'null' },
    'JSON text': { headers: json, body: '"{ __typename }"' },
    'bytes that are no UTF-8': { headers: json, body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]) },
    'a batch within a batch': { headers: json, body: `[${body},[${body}]]` },
    'a batch of nothing': { headers: json, body: '[null]' },
    'a batch of texts': { headers: json, body: '["{ __typename }"]' },
    'an empty batch': { headers: json, body: '[]' },
    'no query': { headers: json, body: '{}' },
    'an empty query': { headers: json, body: '{"query":""}' },
    'a parameter nobody knows': { headers: json, body: '{"query":"{ __typename }","admin":true}' },
    'a list of variables': { headers: json, body: '{"query":"{ __typename }","variables":[]}' },
    'an operation that is not there': { headers: json, body: '{"query":"{ __typename }","operationName":"Nobody"}' },
    'two operations and no name': { headers: json, body: '{"query":"query A { __typename } query B { __typename }"}' },
    'a subscription': { headers: json, body: '{"query":"subscription { __typename }"}' },
    'variables of a GET that are no JSON': { method: 'GET', path: `${get}&variables={` },
    'variables of a GET that are a list': { method: 'GET', path: `${get}&variables=[]` },
    'extensions of a GET that are no JSON': { method: 'GET', path: `${get}&extensions=x` },
    'a GET without a query': { method: 'GET' },
  };
  for (const [what, request] of Object.entries(wrong)) {
    it(what, async () => {
      const accept = 'application/graphql-response+json';
      const answer = await ask({ ...request, headers: { ...request.headers, accept } });
      expect(answer.status).toBe(400);
      expect(answer.json.errors).toHaveLength(1);
      expect(code(answer)).toMatch(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/);
    });
  }
});

describe('X-Request-Id', () => {
  const idOf = async (id: string) =>
    (await ask({ body, headers: { ...json, 'x-request-id': id } })).headers['x-request-id'];

  it("is the client's own where it is sane", async () => {
    for (const id of ['abc-123', '4bf92f3577b34da6/00f067aa:1', 'a'.repeat(128)]) expect(await idOf(id)).toBe(id);
  });

  it('is a new one otherwise', async () => {
    for (const id of ['', ' ', 'a b', 'a"b', '<script>', 'é', 'a'.repeat(129), '${jndi:x}']) {
      expect(await idOf(id)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('is in every answer, whatever its status', async () => {
    const requests: SentRequest[] = [
      { body, headers: json },
      { headers: { ...json, authorization: 'Bearer x' }, body },
      { method: 'GET', path: '/nowhere' },
      { method: 'GET', path: '/health/live' },
      { method: 'DELETE' },
      { headers: json, body: '{"query":"{"}' },
    ];
    for (const request of requests) expect((await ask(request)).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

it('takes an Idempotency-Key of sane length only', async () => {
  const status = async (key: string) => (await ask({ body, headers: { ...json, 'idempotency-key': key } })).status;
  for (const key of ['a', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'k'.repeat(255)]) expect(await status(key)).toBe(200);
  for (const key of ['', 'k'.repeat(256), 'a b', 'é']) expect(await status(key)).toBe(400);
});

it('guards every answer against sniffing, framing and caches', async () => {
  const requests: SentRequest[] = [{ body, headers: json }, { method: 'GET', path: '/nowhere' }, { method: 'PUT' }];
  for (const request of requests) {
    expect((await ask(request)).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    });
  }
});
