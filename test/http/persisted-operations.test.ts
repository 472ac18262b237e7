import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addTypenameToDocument, print as printForApollo } from '@apollo/client/utilities';
import { createRequest, formatDocument, stringifyDocument } from '@urql/core';
import { parse, print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { loadDocuments, loadManifest } from '../../src/http/persisted-manifest.ts';
import { createPersistedOperations } from '../../src/http/persisted-operations.ts';
import { createRegisteredDocuments } from '../../src/http/registered-documents.ts';
import type { TenantId } from '../../src/ids.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import type { RawAnswer } from '../support/send.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
let ask: AskHttp;
const apps: App[] = [];

beforeAll(async () => {
  world = await createWorld();
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await world.close();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const apq = (sha256Hash: string, version = 1) => ({ extensions: { persistedQuery: { version, sha256Hash } } });
const errorOf = ({ status, json }: RawAnswer) => [status, json.errors?.[0].extensions.code];
const statusOf = ({ json }: RawAnswer) => json.extensions?.cache?.status;
const file = async (name: string) =>
  readFile(new URL(`../../schema/operations/${name}.graphql`, import.meta.url), 'utf8');
const graphqlResponse = { headers: { accept: 'application/graphql-response+json' } };

async function serve(persistedOperations: 'off' | 'require'): Promise<AskHttp> {
  const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, persistedOperations });
  apps.push(app);
  return askHttp(await app.listen(0), world.acme.people.admin.token);
}

it('one cached answer is shared by all ways to send its operation', async () => {
  const text = await file('sites');
  await ask.post({ query: text });
  await ask.post({ query: text });
  const printed = print(parse(text));
  const ways = {
    'text by POST': () => ask.post({ query: text }),
    'text by GET': () => ask.get({ query: text }),
    'the id of the file': () => ask.post({ documentId: `sha256:${sha256(text)}` }),
    'the id by GET': () => ask.get({ documentId: `sha256:${sha256(printed)}` }),
    'the bare id': () => ask.post({ documentId: sha256(text.trim()), operationName: 'Sites' }),
    'an automatic persisted query': () => ask.post(apq(sha256(printed))),
    'an automatic persisted query by GET': () => ask.get(apq(sha256(printed))),
    'both, the same': () => ask.post({ documentId: `sha256:${sha256(text)}`, ...apq(sha256(text)) }),
    'its registration': () => ask.post({ query: `# new\n${text}`, ...apq(sha256(`# new\n${text}`)) }),
    'what was registered': () => ask.get(apq(sha256(`# new\n${text}`))),
  };
  const tags = new Set<unknown>();
  for (const [way, send] of Object.entries(ways)) {
    const answer = await send();
    expect(statusOf(answer), way).toBe('HIT');
    tags.add(answer.headers.etag);
  }
  expect(tags.size).toBe(1);
});

describe('an automatic persisted query', () => {
  it('is unknown at first, is registered with its text, and is known from then on, by POST and GET', async () => {
    const query = 'query First { sites { name } }';
    const unknown = await ask.post(apq(sha256(query)));
    expect(unknown.json.errors).toEqual([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ]);
    expect(unknown.status).toBe(200);
    expect(errorOf(await ask.post(apq(sha256(query)), graphqlResponse))[0]).toBe(404);
    const registered = await ask.post({ query, ...apq(sha256(query)) });
    expect(registered.json.data.sites).toHaveLength(2);
    expect((await ask.post(apq(sha256(query)))).json.data).toEqual(registered.json.data);
    expect((await ask.get(apq(sha256(query)))).json.data).toEqual(registered.json.data);
  });

  it('that is not found is kept by no cache on the way', async () => {
    for (const answer of [
      await ask.get(apq(sha256('nothing'))),
      await ask.get(apq(sha256('nothing')), graphqlResponse),
    ]) {
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers).not.toHaveProperty('etag');
    }
  });

  it('takes variables that are not part of it', async () => {
    const query = 'query ByKind($kind: ChoiceKind!) { choices(kind: $kind) { key } }';
    await ask.post({ query, variables: { kind: 'JOB_TYPE' }, ...apq(sha256(query)) });
    const answer = await ask.get({ ...apq(sha256(query)), variables: { kind: 'LEAVE_TYPE' } });
    expect(answer.json.data.choices).toEqual([]);
  });

  it('may be a mutation, by POST only', async () => {
    const query = 'mutation Apq { upsertChoice(input: { kind: JOB_TYPE, key: "apq", label: "A" }) { __typename } }';
    await ask.post({ query, ...apq(sha256(query)) });
    expect((await ask.post(apq(sha256(query)))).json.data.upsertChoice.__typename).toBe('UpsertChoicePayload');
    expect((await ask.get(apq(sha256(query)))).status).toBe(405);
  });

  it('is registered by nobody whose document cannot be read, does not fit, or is too much', async () => {
    for (const query of ['{ sites { name }', '{ sites { nonsense } }', `{ ${'sites { name } '.repeat(700)} }`]) {
      expect((await ask.post({ query, ...apq(sha256(query)) })).json.errors).toBeDefined();
      expect(errorOf(await ask.post(apq(sha256(query))))[1]).toBe('PERSISTED_QUERY_NOT_FOUND');
    }
  });

  it('is registered by nobody without a token, who is not told what is known either', async () => {
    const query = '{ __typename }';
    const anonymous = { token: null };
    expect((await ask.post({ query, ...apq(sha256(query)) }, anonymous)).json.data).toEqual({ __typename: 'Query' });
    expect(errorOf(await ask.post(apq(sha256(query))))[1]).toBe('PERSISTED_QUERY_NOT_FOUND');
    const sites = sha256(await file('sites'));
    for (const id of [sha256(query), sites, sha256('nothing')]) {
      expect(errorOf(await ask.post(apq(id), anonymous))).toEqual([401, 'UNAUTHENTICATED']);
      expect(errorOf(await ask.get({ documentId: `sha256:${id}` }, anonymous))).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  it('of one tenant is not known to another', async () => {
    const query = 'query OfAcme { sites { code } }';
    await ask.post({ query, ...apq(sha256(query)) });
    const other = await ask.post(apq(sha256(query)), { token: world.globex.people.admin.token });
    expect(errorOf(other)[1]).toBe('PERSISTED_QUERY_NOT_FOUND');
  });
});

describe('an id that is not right is refused:', () => {
  const query = '{ sites { name } }';
  const right = sha256(query);
  const wrong: Record<string, object> = {
    'that of another text': { query, ...apq(sha256('{ sites { code } }')) },
    'that of another text, as documentId': { query, documentId: `sha256:${sha256('other')}` },
    'two that differ': { documentId: `sha256:${right}`, ...apq(sha256('other')) },
    'version 2': apq(right, 2),
    'version "1"': { extensions: { persistedQuery: { version: '1', sha256Hash: right } } },
    'no version': { extensions: { persistedQuery: { sha256Hash: right } } },
    'no hash': { extensions: { persistedQuery: { version: 1 } } },
    'an empty hash': apq(''),
    'half a hash': apq(right.slice(1)),
    'a hash in capitals': apq(right.toUpperCase()),
    'a hash that is a number': { extensions: { persistedQuery: { version: 1, sha256Hash: 1 } } },
    'a persistedQuery that is a text': { extensions: { persistedQuery: right } },
    'a persistedQuery that is a list': { extensions: { persistedQuery: [1, right] } },
    'a documentId that is a number': { documentId: 7 },
    'an empty documentId': { documentId: '' },
    'a documentId with a space': { documentId: 'a b' },
    'a documentId with nothing after its prefix': { documentId: 'sha256:' },
    'a documentId without end': { documentId: 'a'.repeat(257) },
    'an empty query beside it': { query: '', ...apq(right) },
    'a query that is a number beside it': { query: 7, ...apq(right) },
  };
  for (const [what, body] of Object.entries(wrong)) {
    it(what, async () => {
      expect(errorOf(await ask.post(body))).toEqual([400, 'BAD_USER_INPUT']);
    });
  }

  const unknown: Record<string, string> = {
    'a hash of nothing known': `sha256:${sha256('nothing known')}`,
    'a prefix nobody knows': 'x-app:Sites',
    'a name': 'Sites',
    'a name that objects have': '__proto__',
  };
  for (const [what, documentId] of Object.entries(unknown)) {
    it(`${what} is not found`, async () => {
      expect(errorOf(await ask.post({ documentId }, graphqlResponse))).toEqual([404, 'PERSISTED_QUERY_NOT_FOUND']);
      expect(errorOf(await ask.get({ documentId }))).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
    });
  }
});

describe('PERSISTED_OPERATIONS=require', () => {
  let strict: AskHttp;
  beforeAll(async () => {
    strict = await serve('require');
  });

  it('runs every operation of schema/operations by its id, mutations too', async () => {
    const id = sha256(await file('sites'));
    expect((await strict.post({ documentId: `sha256:${id}` })).json.data.sites).toHaveLength(2);
    expect((await strict.get(apq(id))).json.data.sites).toHaveLength(2);
    expect((await strict.post({ query: await file('sites'), ...apq(id) })).json.data.sites).toHaveLength(2);
    const input = { ticketId: 'nonsense', body: 'b' };
    const mutation = await strict.post({ ...apq(sha256(await file('add-ticket-comment'))), variables: { input } });
    expect(mutation.json.data).toHaveProperty('addTicketComment');
  });

  it('refuses all else: any text, introspection, a text with its own hash, an unknown id, each part of a batch', async () => {
    const query = '{ sites { name } }';
    const refused: object[] = [
      { query },
      { query: await file('sites') },
      { query: '{ __typename }' },
      { query: '{ __schema { queryType { name } } }', operationName: 'IntrospectionQuery' },
      { query, ...apq(sha256(query)) },
      apq(sha256(query)),
      { documentId: 'Sites' },
    ];
    for (const body of refused) {
      const answer = await strict.post(body);
      expect(errorOf(answer)).toEqual([403, 'PERSISTED_OPERATION_REQUIRED']);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    expect(errorOf(await strict.get({ query }))).toEqual([403, 'PERSISTED_OPERATION_REQUIRED']);
    expect(errorOf(await strict.post({ query: '{ __typename }' }, { token: null }))[0]).toBe(403);
    const batch = await strict.post([{ query }, apq(sha256(await file('sites')))]);
    expect(batch.json[0].errors[0].extensions.code).toBe('PERSISTED_OPERATION_REQUIRED');
    expect(batch.json[1].data.sites).toHaveLength(2);
  });
});

describe('PERSISTED_OPERATIONS=off', () => {
  it('takes texts only, and tells clients so in their own words', async () => {
    const plain = await serve('off');
    const query = await file('sites');
    const byId = await plain.post(apq(sha256(query)));
    expect(byId.json.errors[0].message).toBe('PersistedQueryNotSupported');
    expect(errorOf(byId)).toEqual([200, 'PERSISTED_QUERY_NOT_SUPPORTED']);
    expect((await plain.post({ query, ...apq(sha256(query)) })).json.data.sites).toHaveLength(2);
    expect(errorOf(await plain.post(apq(sha256(query))))[1]).toBe('PERSISTED_QUERY_NOT_SUPPORTED');
    expect((await plain.post({ query })).json.data.sites).toHaveLength(2);
  });
});

describe('what is registered', () => {
  const tenant = 'a' as TenantId;

  it('takes so many bytes; what was asked for least recently is forgotten', () => {
    const registered = createRegisteredDocuments({ maxBytes: 100_000 });
    const text = (index: number) => `query Q${index} { sites { name } } # ${'x'.repeat(1_000)}`;
    for (let index = 0; index < 1_000; index += 1) {
      registered.set(tenant, String(index), text(index));
      registered.get(tenant, '0');
    }
    const known = Array.from({ length: 1_000 }, (_, index) => registered.get(tenant, String(index))).filter(Boolean);
    expect(known.length).toBeGreaterThan(20);
    expect(known.length).toBeLessThan(50);
    expect(registered.get(tenant, '0')).toBe(text(0));
    registered.set(tenant, 'huge', 'x'.repeat(200_000));
    expect(registered.get(tenant, 'huge')).toBeNull();
  });

  it('does not take what schema/operations has already', () => {
    const query = 'query Known { sites { name } }';
    const find = createPersistedOperations({ mode: 'allow', documents: new Map([[sha256(query), query]]) });
    expect(find({ query, id: sha256(query) }, tenant).register).toBeNull();
    expect(find({ query: `${query} `, id: sha256(`${query} `) }, tenant).register).not.toBeNull();
    expect(find({ query, id: null }, tenant).register).toBeNull();
  });
});

describe('the manifest', () => {
  it('names each operation of the folder once, by the hash of its text', () => {
    const { operations, format, version } = loadManifest();
    expect([format, version]).toEqual(['apollo-persisted-query-manifest', 1]);
    expect(operations.length).toBeGreaterThan(30);
    expect(new Set(operations.map(({ name }) => name)).size).toBe(operations.length);
    for (const { id, body } of operations) {
      expect(id).toBe(sha256(body));
      expect(loadDocuments().get(id)).toBe(body);
    }
  });

  it('is what schema/persisted-operations.json says to clients: `npm run operations` writes it anew', async () => {
    const kept = await readFile(new URL('../../schema/persisted-operations.json', import.meta.url), 'utf8');
    expect(JSON.parse(kept)).toEqual(loadManifest());
  });

  it('has each operation by what caching clients hash: Apollo Client, and urql but for texts in the document', () => {
    const documents = loadDocuments();
    for (const { body } of loadManifest().operations) {
      const byApollo = printForApollo(addTypenameToDocument(parse(body)));
      expect(documents.get(sha256(byApollo))).toBe(byApollo);
      const byUrql = stringifyDocument(formatDocument(createRequest(body, {}).query));
      if (!body.includes('"')) expect(documents.get(sha256(byUrql))).toBe(byUrql);
    }
  });

  it('knows no id but the hash of the very text it stands for', () => {
    for (const [id, text] of loadDocuments()) expect(id).toBe(sha256(text));
  });

  it('is not made of a file with no operation, with several, or with one that has no name: it names the file', async () => {
    for (const text of ['fragment F on Site { name }', 'query A { a } query B { b }', '{ sites { name } }']) {
      const folder = await mkdtemp(join(tmpdir(), 'operations-'));
      await writeFile(join(folder, 'odd.graphql'), text);
      await writeFile(join(folder, 'passed-over.txt'), '{');
      expect(() => loadDocuments(pathToFileURL(`${folder}/`))).toThrow('odd.graphql');
      await rm(folder, { recursive: true });
    }
  });
});
