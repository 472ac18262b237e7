import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values(
        ['lamp', 'desk', 'chair'].map((name) => ({ id: newId(), name, tag: name, site_id: world.acme.sites.here })),
      )
      .execute(),
  );
});
afterAll(() => world.close());

const apollo = 'multipart/mixed;deferSpec=20220824,application/json';

interface Sent {
  status: number;
  type: string;
  headers: Headers;
  text: string;
  /** Chunks as they came over the wire. */
  chunks: string[];
}

async function send(query: string, { accept = apollo, token = world.acme.people.admin.token } = {}): Promise<Sent> {
  const response = await fetch(`${world.baseUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  const chunks: string[] = [];
  for await (const chunk of response.body ?? []) chunks.push(Buffer.from(chunk).toString());
  const { status, headers } = response;
  return { status, headers, type: headers.get('content-type') ?? '', text: chunks.join(''), chunks };
}

/** The payloads of a multipart answer, in order; fails where it does not end as it should. */
function payloadsOf({ type, text }: Sent) {
  expect(type).toBe('multipart/mixed; boundary="-"');
  expect(text.endsWith('\r\n-----\r\n')).toBe(true);
  return text
    .split(/\r\n---(?:--)?\r\n/)
    .slice(1, -1)
    .map((part) => {
      const [head = '', body = ''] = part.split('\r\n\r\n');
      expect(Number(/content-length: (\d+)/i.exec(head)?.[1])).toBe(Buffer.byteLength(body));
      return JSON.parse(body);
    });
}

let count = 0;
const deferred = () => /* GraphQL */ `
  query Parts${(count += 1)} {
    sites { name }
    ... @defer(label: "later") { assets(first: 10) { edges { node { name ... @defer { site { name } } } } } }
  }
`;
const plain = (query: string) => query.replaceAll(/@defer(\([^)]*\))?/g, '');

describe('a query with @defer', () => {
  it('is answered in parts when it is computed: what was put off comes later', async () => {
    const payloads = payloadsOf(await send(deferred()));
    expect(payloads.length).toBeGreaterThan(1);
    expect(payloads[0]).toMatchObject({ data: { sites: expect.any(Array) }, hasNext: true });
    expect(payloads[0].data).not.toHaveProperty('assets');
    expect(payloads[0].extensions.cache).toMatchObject({ status: 'MISS' });
    expect(payloads.at(-1).hasNext).toBe(false);
    expect(JSON.stringify(payloads)).toContain('"label":"later"');
  });

  it('is kept whole, and a hit is the same answer in one piece, without a data statement', async () => {
    const query = deferred();
    await send(query);
    const { result, statements } = await countStatements(() => send(query));
    expect(statements).toEqual([]);
    expect(result.type).toMatch(/^application\/json/);
    const body = JSON.parse(result.text);
    expect(body.extensions.cache.status).toBe('HIT');
    expect(body).not.toHaveProperty('hasNext');
    const undeferred = JSON.parse((await send(plain(query))).text);
    expect(body.data).toEqual(undeferred.data);
  });

  it('is answered whole to clients that take no parts', async () => {
    const query = deferred();
    for (const status of ['MISS', 'HIT']) {
      const sent = await send(query, { accept: 'application/json' });
      const body = JSON.parse(sent.text);
      expect([sent.type, body.extensions.cache.status]).toEqual(['application/json; charset=utf-8', status]);
      expect(body.data.assets.edges).toHaveLength(3);
    }
  });

  it('is one part, kept or not, to clients that take nothing else', async () => {
    const query = deferred();
    await send(query, { accept: 'multipart/mixed' });
    const [hit, ...more] = payloadsOf(await send(query, { accept: 'multipart/mixed' }));
    expect(more).toEqual([]);
    expect(hit.extensions.cache.status).toBe('HIT');
    const { headers } = await send(query, { accept: 'multipart/mixed' });
    expect(headers.get('cache-control')).toBe('no-store');
    for (const name of ['etag', 'age', 'last-modified']) expect(headers.has(name), name).toBe(false);
    const events = await send(query, { accept: 'text/event-stream' });
    expect(events.text).toMatch(/^event: next\ndata: \{"data":.*\}\n\nevent: complete/);
    const anew = [
      await send(deferred(), { accept: 'text/event-stream' }),
      await send('{', { accept: 'text/event-stream' }),
    ];
    for (const sent of [events, ...anew]) {
      expect([sent.type, sent.headers.get('cache-control')]).toEqual(['text/event-stream', 'no-store']);
      expect(sent.headers.has('content-encoding')).toBe(false);
    }
  });

  it('is seen anew in all its parts right after a change', async () => {
    const query = deferred();
    await send(query);
    await world.database.owner.query(`UPDATE assets SET name = 'sofa' WHERE name = 'chair'`);
    const sent = await send(query);
    expect(sent.text).toContain('sofa');
    await world.database.owner.query(`UPDATE assets SET name = 'chair' WHERE name = 'sofa'`);
  });

  it('may switch the directive off', async () => {
    const sent = await send('{ sites { name } ... @defer(if: false) { assets { totalCount } } }');
    expect(JSON.parse(sent.text).data.assets.totalCount).toBe(3);
  });
});

it('a list with @stream comes in parts, is kept whole, and hits', async () => {
  const query = '{ sites @stream(initialCount: 1) { name } }';
  const payloads = payloadsOf(await send(query));
  expect(payloads[0].data.sites).toHaveLength(1);
  expect(payloads.length).toBeGreaterThan(1);
  const body = JSON.parse((await send(query)).text);
  expect([body.data.sites.length, body.extensions.cache.status]).toEqual([2, 'HIT']);
});

it.each([
  '{ sites @stream(initialCount: -1) { name } }',
  '{ sites @stream(initialCount: null) { name } }',
  'query ($count: Int = -5) { ...Sites } fragment Sites on Query { sites @stream(initialCount: $count) { name } }',
])('a count that is none is wrong input: %s', async (query) => {
  const { type, text } = await send(query);
  expect(type).toBe('application/json; charset=utf-8');
  expect(JSON.parse(text).errors).toEqual([
    {
      message: 'initialCount: Send @stream a number, 0 or more.',
      locations: [expect.anything()],
      extensions: { code: 'BAD_USER_INPUT' },
    },
  ]);
});

it('an error in a part is masked like any other, and nothing of such an answer is kept', async () => {
  const query =
    '{ sites { name } ... @defer { attendance(filter: { from: "2026-02-30", to: "2026-03-01" }) { totalCount } } }';
  for (let run = 0; run < 2; run += 1) {
    const sent = await send(query);
    expect(sent.text).not.toMatch(/stack|node_modules|select /i);
    expect(sent.text).not.toContain('"status":"HIT"');
  }
});

it('a client that goes away in the middle does not harm others who wait for the same', async () => {
  const query = deferred();
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', accept: apollo };
  const authorization = `Bearer ${world.acme.people.admin.token}`;
  const left = fetch(`${world.baseUrl}/graphql`, {
    method: 'POST',
    headers: { ...headers, authorization },
    body: JSON.stringify({ query }),
    signal: leaving.signal,
  }).catch(() => null);
  const staying = send(query);
  leaving.abort();
  await left;
  expect((await staying).text).toContain('lamp');
});

it.each([
  ['on a field that is no list', '{ tenant @stream { name } }'],
  ['with a label that a variable makes', 'query ($l: String!) { ... @defer(label: $l) { sites { name } } }'],
  ['in the root of a mutation', 'mutation { ... @defer { clockIn(input: {}) { __typename } } }'],
])('a directive %s is refused', async (_, query) => {
  const { status, text } = await send(query, { accept: 'application/graphql-response+json' });
  expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
});
