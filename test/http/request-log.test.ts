import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
let app: App;
let url: string;
let log = '';
beforeAll(async () => {
  world = await createWorld();
  const stream = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  app = createApp({ databaseUrl: world.database.url, tokens: testTokens, logger: pino({ level: 'trace' }, stream) });
  url = await app.listen(0);
});
afterAll(async () => {
  await app.close();
  await world.close();
});
beforeEach(() => {
  log = '';
});

const ask = (query: string, { variables, headers = {}, operationName }: Options = {}) =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${world.acme.people.admin.token}`,
      ...headers,
    },
    body: JSON.stringify({ query, variables, operationName }),
  });
type Options = { variables?: object; headers?: Record<string, string>; operationName?: string };

const written = async () => {
  await expect.poll(() => log, { timeout: 5_000 }).toContain('"msg":"request"');
  return log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ cache }) => cache === undefined); // what the cache does is said apart
};

it('has one line per request: who, what, how it went and what it cost', async () => {
  await ask('query AssetPage { assets(first: 1) { totalCount edges { node { site { name } } } } }', {
    headers: { 'x-request-id': 'req-1' },
  });
  expect(await written()).toEqual([
    expect.objectContaining({
      requestId: 'req-1',
      tenantId: world.acme.id,
      method: 'POST',
      path: '/graphql',
      operation: 'AssetPage',
      operationType: 'query',
      status: 200,
      aborted: false,
      durationMs: expect.any(Number),
      statements: expect.any(Number),
      sqlMs: expect.any(Number),
      msg: 'request',
    }),
  ]);
});

it('has one line for a batch, with what went wrong in it; nothing of an id or an entity tag is written', async () => {
  const secret = 'e'.repeat(64);
  const post = (body: unknown) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${world.acme.people.admin.token}`,
        'if-none-match': `"${secret}"`,
      },
      body: JSON.stringify(body),
    });
  await post([{ query: '{ sites { name } }' }, { query: '{ nonsense }' }, { documentId: `sha256:${secret}` }]);
  expect(await written()).toEqual([
    expect.objectContaining({
      operation: null,
      operationType: 'batch',
      status: 200,
      codes: ['GRAPHQL_VALIDATION_FAILED', 'PERSISTED_QUERY_NOT_FOUND'],
      statements: expect.any(Number),
    }),
  ]);
  expect(log).not.toContain(secret);
});

it('names what went wrong in parts of an answer that came later', async () => {
  const query = `query Late { __typename ... @defer { sites { name } node(id: "x") { id } }
    ... @defer { attendanceSummary(year: 2026, month: 13) { __typename } } }`;
  const headers = { accept: 'multipart/mixed' };
  expect(await (await ask(query, { headers })).text()).toContain('BAD_USER_INPUT');
  expect(await written()).toEqual([
    expect.objectContaining({ operation: 'Late', status: 200, codes: ['BAD_USER_INPUT'] }),
  ]);
});

it('counts the statements, the one that loads the viewer included, and says so in Server-Timing', async () => {
  const authorization = `Bearer ${world.acme.people.manager.token}`; // of somebody who has not asked before
  const response = await ask('{ assets(first: 1) { totalCount } }', { headers: { authorization } });
  expect(response.headers.get('server-timing')).toMatch(/^sql;desc="2 statements";dur=[\d.]+, total;dur=[\d.]+$/);
  expect((await written())[0]).toMatchObject({ statements: 2 });
});

it('holds an operation name to a sane length', async () => {
  await ask(`query ${'N'.repeat(5_000)} { __typename }`);
  expect((await written())[0].operation).toBe('N'.repeat(64));
});

it('takes the operation name from the document, never from what the client calls it', async () => {
  await ask('query Real { __typename }', { operationName: 'secret@person.test' });
  expect(await written()).toEqual([expect.objectContaining({ operation: null, codes: ['BAD_USER_INPUT'] })]);
});

it('has no variables, no personal data, no headers and no tokens, whatever goes wrong', async () => {
  const canary = 'CANARY7f3a';
  await world.database.owner.query('UPDATE people SET name = $1 WHERE tenant_id = $2', [
    `${canary} name`,
    world.acme.id,
  ]);
  const { token } = world.acme.people.admin;
  const variables = { text: `${canary} variable`, id: `${canary}-id` };
  const headers = {
    cookie: `${canary}=1`,
    'x-forwarded-for': canary,
    'user-agent': canary,
    'x-request-id': `${canary} x`,
  };
  await ask('query ($id: ID!) { node(id: $id) { id } }', { variables, headers });
  await ask('query ($id: Int) { assets(first: $id) { totalCount } }', { variables, headers });
  await ask('{ viewer { person { name email } } }', { headers });
  await ask(`{ ${canary} }`, { headers });
  await ask(`{ assets(after: "${canary}") { totalCount } }`);
  await ask(`{ "${canary}`);
  await ask('{ __typename }', { headers: { ...headers, authorization: `Bearer ${token}${canary}` } });
  await ask('{ __typename }', { headers: { ...headers, authorization: canary } });
  await ask('{ __typename }', { headers: { 'idempotency-key': `${canary} x` } });
  await fetch(`${url}/graphql?query={__typename}&variables={"a":"${canary}"}`);
  await fetch(`${url}/${canary}?${canary}`);
  await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"${canary}`,
  });
  // A row that no check of ours foresaw: the driver's error quotes it.
  await world.database.owner.query(`ALTER TABLE people ADD CONSTRAINT surprise CHECK (title <> '${canary}') NOT VALID`);
  const input = { id: world.acme.people.member.globalId, version: 1, title: canary };
  const update = 'mutation ($input: UpdatePersonInput!) { updatePerson(input: $input) { __typename } }';
  const surprised = await ask(update, { variables: { input } });
  expect(await surprised.text()).not.toContain('surprise');
  await expect.poll(() => log.split('"msg":"request"').length - 1, { timeout: 5_000 }).toBe(13);
  expect(log).not.toContain(canary);
  expect(log).not.toContain(token);
  expect(log).not.toContain('@acme.test');
});
