import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { send } from '../support/send.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
/** Has a page for browsers. */
let paged: App;
let pagedUrl: string;
let ask: AskHttp;

beforeAll(async () => {
  world = await createWorld();
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
  paged = createApp({
    databaseUrl: world.database.url,
    tokens: testTokens,
    servePage(_request, response) {
      response.end('a page');
      return true;
    },
  });
  pagedUrl = await paged.listen(0);
});
afterAll(async () => {
  await paged.close();
  await world.close();
});

const query = 'query Choices($kind: ChoiceKind!) { choices(kind: $kind) { key } }';
const variables = { kind: 'ASSET_TYPE' };

it('shares its answer with POST, whatever the order and the layout of its parameters', async () => {
  await ask.post({ query, variables });
  await ask.post({ query, variables });
  for (const params of [
    { query, variables },
    { operationName: 'Choices', variables: ' {"kind" : "ASSET_TYPE"} ', query: `#\n${query}` },
    { query, variables, extensions: {} },
    { query, variables, unknown: 'passed over' },
  ]) {
    const answer = await ask.get(params);
    expect(answer.json.extensions.cache.status).toBe('HIT');
  }
});

describe('an address', () => {
  const code = (answer: { json: any }) => answer.json.errors[0].extensions.code;

  it('may be so long, and is refused in clear words when it is longer', async () => {
    const long = (characters: number) => {
      const path = '/graphql?query={__typename}&padding=';
      return send(world.baseUrl, { method: 'GET', path: path + 'x'.repeat(characters - path.length) });
    };
    expect((await long(8192)).json).toEqual({ data: { __typename: 'Query' } });
    for (const characters of [8193, 20_000, 60_000]) {
      const answer = await long(characters);
      expect([answer.status, code(answer)]).toEqual([414, 'LIMIT_EXCEEDED']);
      expect(answer.json.errors[0].message).toContain('POST');
    }
  });

  it('that says something twice is refused: proxies and servers may each read another one of the two', async () => {
    for (const name of ['query', 'variables', 'operationName', 'extensions', 'documentId']) {
      const twice = new URLSearchParams([
        ['query', '{ __typename }'],
        [name, '{}'],
        [name, '{}'],
      ]);
      const answer = await send(world.baseUrl, { method: 'GET', path: `/graphql?${twice}` });
      expect([answer.status, code(answer)]).toEqual([400, 'BAD_USER_INPUT']);
      expect(answer.json.errors[0].message).toContain(`"${name}"`);
    }
  });

  it('holds one operation, and no mutation, in whatever way it is sent', async () => {
    const mutation = 'mutation { upsertChoice(input: { kind: ASSET_TYPE, label: "x" }) { __typename } }';
    const refused = await ask.get({ query: mutation });
    expect([refused.status, refused.headers.allow]).toEqual([405, 'POST']);
    for (const params of [{ query: '[{ __typename }]' }, { query: '{ __typename', variables: '[]' }]) {
      expect((await ask.get(params, { headers: { accept: 'application/graphql-response+json' } })).status).toBe(400);
    }
  });

  it('opens the page in a browser only where it asks nothing', async () => {
    const open = (search: string) =>
      send(pagedUrl, { method: 'GET', path: `/graphql${search}`, headers: { accept: 'text/html,*/*' } });
    expect((await open('')).text).toBe('a page');
    expect((await open('?tab=1')).text).toBe('a page');
    expect((await open('?query={__typename}')).json).toEqual({ data: { __typename: 'Query' } });
    for (const search of [`?documentId=sha256:${'0'.repeat(64)}`, '?extensions={"persistedQuery":null}']) {
      expect((await open(search)).json).toHaveProperty('errors');
    }
  });
});
