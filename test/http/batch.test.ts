import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { countStatements } from '../support/count-statements.ts';
import { send } from '../support/send.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let ask: AskHttp;
beforeAll(async () => {
  world = await createWorld();
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
});
afterAll(() => world.close());

const sites = { query: 'query Sites { sites { name } }' };
const upsert = (key: string, label = key) => ({
  query: `mutation Upsert($input: UpsertChoiceInput!) {
    upsertChoice(input: $input) { __typename ... on UpsertChoicePayload { choice { label } } }
  }`,
  variables: { input: { kind: 'JOB_TYPE', key, label } },
});
const jobTypes = { query: 'query JobTypes { choices(kind: JOB_TYPE) { key label } }' };
const statusOf = (item: any) => item.extensions?.cache?.status;
const codeOf = (item: any) => item.errors?.[0].extensions.code;

describe('a batch', () => {
  it('is answered in its order, each operation with its own result, errors and cache report', async () => {
    await ask.post(sites);
    await ask.post(sites);
    const { status, json } = await ask.post([
      sites,
      { query: '{ nonsense }' },
      { query: 'query New($n: Int) { assets(first: $n) { totalCount } }', variables: { n: 1 } },
      { query: '{' },
      { ...sites, operationName: 'Nobody' },
      { documentId: `sha256:${'0'.repeat(64)}` },
      { query: '{ __typename }' },
    ]);
    expect(status).toBe(200);
    expect(json.map(statusOf)).toEqual(['HIT', undefined, 'MISS', undefined, undefined, undefined, 'BYPASS']);
    expect(json.map(codeOf)).toEqual([
      undefined,
      'GRAPHQL_VALIDATION_FAILED',
      undefined,
      'GRAPHQL_PARSE_FAILED',
      'BAD_USER_INPUT',
      'PERSISTED_QUERY_NOT_FOUND',
      undefined,
    ]);
    expect(json[0].data.sites).toHaveLength(2);
    expect(json[2].data).toEqual({ assets: { totalCount: expect.any(Number) } });
  });

  it('answers each operation as it is answered by itself', async () => {
    const operations = [sites, jobTypes, { query: '{ viewer { permissions } }' }, { query: '{ nonsense }' }];
    const single = await Promise.all(operations.map((operation) => ask.post(operation)));
    const { json } = await ask.post(operations);
    expect(json.map(({ data, errors }: any) => ({ data, errors }))).toEqual(
      single.map(({ json: { data, errors } }) => ({ data, errors })),
    );
  });

  it('of cached answers asks the database for no data', async () => {
    await ask.post([sites, jobTypes]);
    await ask.post([sites, jobTypes]);
    const { result, statements } = await countStatements(() => ask.post([sites, jobTypes, sites]));
    expect(result.json.map(statusOf)).toEqual(['HIT', 'HIT', 'HIT']);
    expect(statements).toEqual([]);
  });

  it('shows to each operation what those before it have changed, and answers the token of the latest change', async () => {
    await ask.post(jobTypes);
    await ask.post(jobTypes);
    const { json, headers } = await ask.post([jobTypes, upsert('seen', 'One'), jobTypes, upsert('seen2'), jobTypes]);
    const labels = (index: number) => json[index].data.choices.map(({ label }: any) => label);
    expect(labels(0)).not.toContain('One');
    expect(labels(2)).toContain('One');
    expect(labels(4)).toContain('seen2');
    expect(json.map(statusOf)).toEqual(['HIT', undefined, 'MISS', undefined, 'MISS']);
    const tokens = [json[1], json[3]].map(({ extensions }) => Number(extensions.cache.token));
    expect(tokens[1]).toBeGreaterThan(tokens[0] ?? 0);
    expect(headers['x-cache-token']).toBe(String(tokens[1]));
    expect(json[1].extensions.cache.changed).toEqual([{ type: 'choice', count: 1 }]);
  });

  it('is kept by nobody: no entity tag, no 304, no Cache-Status', async () => {
    for (const ifNoneMatch of ['"other"', '*']) {
      const answer = await ask.post([sites], { headers: { 'if-none-match': ifNoneMatch } });
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      for (const name of ['etag', 'age', 'cache-status', 'last-modified']) {
        expect(answer.headers).not.toHaveProperty(name);
      }
    }
  });

  it('of one operation is answered as a list', async () => {
    const { json } = await ask.post([sites]);
    expect(json).toHaveLength(1);
    expect(json[0].data.sites).toHaveLength(2);
  });

  it('is JSON, whatever else the client would take', async () => {
    const { headers } = await ask.post([sites], { headers: { accept: 'application/graphql-response+json' } });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
  });

  it('asks the same of the cache for each operation', async () => {
    await ask.post([sites, jobTypes]);
    const refreshed = await ask.post([sites, jobTypes], { headers: { 'cache-control': 'no-cache' } });
    expect(refreshed.json.map(statusOf)).toEqual(['MISS', 'MISS']);
    const query = 'query NeverAsked { sites { code } }';
    const cached = await ask.post([sites, { query }], { headers: { 'cache-control': 'only-if-cached' } });
    expect(cached.json.map(codeOf)).toEqual([undefined, 'NOT_CACHED']);
  });
});

describe('an Idempotency-Key with a batch', () => {
  it('is a key for each mutation, the same when the batch is sent again', async () => {
    const headers = { 'idempotency-key': 'k'.repeat(255) };
    const create = (name: string) => ({
      query:
        'mutation($input: CreateAssetInput!) { createAsset(input: $input) { ... on CreateAssetPayload { asset { id } } } }',
      variables: { input: { name, tag: name } },
    });
    const batch = [create('first'), create('second')];
    const once = await ask.post(batch, { headers });
    const again = await ask.post(batch, { headers });
    const ids = once.json.map(({ data }: any) => data.createAsset.asset.id);
    expect(new Set(ids).size).toBe(2);
    expect(again.json.map(({ data }: any) => data.createAsset.asset.id)).toEqual(ids);
  });
});

describe('whoever sends a batch', () => {
  it('needs a token for each operation that needs one; with none at all answered, the whole is 401', async () => {
    const mixed = await ask.post([{ query: '{ __typename }' }, sites], { token: null });
    expect([mixed.status, mixed.json.map(codeOf)]).toEqual([200, [undefined, 'UNAUTHENTICATED']]);
    const none = await ask.post([sites, jobTypes], { token: null });
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(none.json.map(codeOf)).toEqual(['UNAUTHENTICATED', 'UNAUTHENTICATED']);
    const bad = await ask.post([sites], { token: 'x.y.z' });
    expect([bad.status, codeOf(bad.json)]).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('what is no batch is refused whole, and names the operation:', () => {
  const body = { query: '{ __typename }' };
  const wrong: Record<string, [body: unknown, code: string, says: string]> = {
    'nothing at all': [[], 'BAD_USER_INPUT', 'at least one'],
    'eleven operations': [Array.from({ length: 11 }, () => body), 'LIMIT_EXCEEDED', 'at most 10'],
    'a batch within a batch': [[body, [body]], 'BAD_USER_INPUT', 'Operation 2'],
    null: [[null], 'BAD_USER_INPUT', 'Operation 1'],
    'a text': [[body, body, '{ __typename }'], 'BAD_USER_INPUT', 'Operation 3'],
    'an operation without a query': [[body, {}], 'BAD_USER_INPUT', 'Operation 2'],
    'an operation with something unknown': [[{ ...body, admin: true }], 'BAD_USER_INPUT', 'Operation 1'],
    'variables that are a list': [[{ ...body, variables: [] }], 'BAD_USER_INPUT', '"variables"'],
    'a query that is too long': [[{ query: 'x'.repeat(40_000) }], 'LIMIT_EXCEEDED', 'Operation 1'],
    'an id that is none': [[{ documentId: 'a b' }], 'BAD_USER_INPUT', 'Operation 1'],
  };
  for (const [what, [sent, code, says]] of Object.entries(wrong)) {
    it(what, async () => {
      const answer = await ask.post(sent);
      expect([answer.status, codeOf(answer.json)]).toEqual([400, code]);
      expect(answer.json.errors[0].message).toContain(says);
    });
  }

  it('ten operations are not too many', async () => {
    const { json } = await ask.post(Array.from({ length: 10 }, () => body));
    expect(json).toHaveLength(10);
  });

  it('a list in the address of a GET', async () => {
    const path = `/graphql?query=${encodeURIComponent('[{"query":"{__typename}"}]')}`;
    const answer = await send(world.baseUrl, { method: 'GET', path });
    expect(codeOf(answer.json)).toBe('GRAPHQL_PARSE_FAILED');
  });
});
