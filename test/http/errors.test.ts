import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
let app: App;
let url: string;
let lines: any[];
beforeAll(async () => {
  world = await createWorld();
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  app = createApp({ databaseUrl: world.database.url, tokens: testTokens, logger: pino({ level: 'info' }, stream) });
  url = `${await app.listen(0)}/graphql`;
});
afterAll(async () => {
  await app.close();
  await world.close();
});

async function ask(query: string, { variables, accept = 'application/graphql-response+json' }: Options = {}) {
  lines = [];
  const authorization = `Bearer ${world.acme.people.admin.token}`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}
type Options = { variables?: Record<string, unknown>; accept?: string };

describe('the code and the status of an error', () => {
  const cases: Record<string, [query: string, code: string, status: number, variables?: Record<string, unknown>]> = {
    syntax: ['{', 'GRAPHQL_PARSE_FAILED', 400],
    'an unknown field': ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED', 400],
    'a variable of the wrong type': [
      'query ($first: Int) { assets(first: $first) { totalCount } }',
      'BAD_USER_INPUT',
      400,
      { first: 'one' },
    ],
    'a variable that is missing': ['query ($id: ID!) { node(id: $id) { id } }', 'BAD_USER_INPUT', 400],
    'a number that is no whole number': [
      'query ($first: Int) { assets(first: $first) { totalCount } }',
      'BAD_USER_INPUT',
      400,
      { first: 1.5 },
    ],
    'an argument out of range': ['{ assets(first: 101) { totalCount } }', 'BAD_USER_INPUT', 400],
    'an id that is none': ['{ node(id: "x") { id } }', 'BAD_USER_INPUT', 200],
  };
  for (const [what, [query, code, status, variables]] of Object.entries(cases)) {
    it(`for ${what}`, async () => {
      const answer = await ask(query, { variables });
      expect(answer.body.errors[0]).toMatchObject({ extensions: { code } });
      expect(answer.status).toBe(status);
      expect((await ask(query, { variables, accept: 'application/json' })).status).toBe(200);
    });
  }

  it('names the fields that are wrong', async () => {
    const { body } = await ask('{ assets(first: 101) { totalCount } }');
    expect(body.errors[0].extensions).toEqual({
      code: 'BAD_USER_INPUT',
      fields: [{ field: 'first', message: expect.stringContaining('100') }],
    });
  });
});

describe('an error about the request says where', () => {
  it.each([
    ['one', 'Variable "$filter" got invalid value "one" at "filter.status[0]"'],
    [undefined, 'Variable "$filter" of non-null type "AssetFilter!" must not be null.'],
  ])('in a variable: %s', async (status, expected) => {
    const query = 'query ($filter: AssetFilter!) { assets(filter: $filter) { totalCount } }';
    const { body } = await ask(query, { variables: { filter: status ? { status: [status] } : null } });
    expect(body.errors[0].message).toContain(expected);
  });

  it('in a document that cannot be read', async () => {
    const { body } = await ask('{ assets( }');
    expect(body.errors[0].locations).toEqual([{ line: 1, column: 11 }]);
  });

  it('in a day or an instant, with how to write it', async () => {
    const since = (from: string) => ask(`{ attendance(filter: { from: "${from}", to: "2026-01-31" }) { totalCount } }`);
    expect((await since('yesterday')).body.errors[0].message).toContain('2026-11-20');
    const { body } = await ask('{ tickets(filter: { createdFrom: "2026-11-01" }) { totalCount } }');
    expect(body.errors[0].message).toContain('2026-11-20T08:30:00Z');
  });

  it('in a permission that is lacking', async () => {
    const { errors } = await world.ask(world.acme.people.member.token, '{ dashboard { people { active } } }');
    expect(errors?.[0]?.message).toBe('You may not use Query.dashboard: it needs the permission dashboard:read.');
  });
});

describe('an error nobody foresaw', () => {
  it('is masked, with the id of the request; the log has it once, with its stack', async () => {
    await world.database.owner.query('ALTER TABLE assets RENAME TO assets_gone');
    try {
      const query = '{ a: assets { totalCount } b: assets { totalCount } }';
      const { status, body, text, headers } = await ask(query);
      const id = headers.get('x-request-id') ?? '';
      expect(status).toBe(500);
      expect(body.errors[0]).toMatchObject({ extensions: { code: 'INTERNAL_SERVER_ERROR' } });
      expect(body.errors[0].message).toContain(id);
      expect(text).not.toMatch(/relation|select|assets_gone|tenant_id|42P01|\bat .*\.ts|node_modules|postgres/i);
      const logged = lines.filter(({ level }) => level === 50);
      expect(logged[0]).toMatchObject({
        requestId: id,
        err: {
          code: '42P01',
          message: expect.stringContaining('assets'),
          stack: expect.stringContaining('session.ts'),
        },
      });
      expect(lines.filter(({ msg }) => msg === 'request')).toHaveLength(1);
    } finally {
      await world.database.owner.query('ALTER TABLE assets_gone RENAME TO assets');
    }
    expect((await ask('{ assets { totalCount } }')).status).toBe(200);
  });

  it('is masked before GraphQL too', async () => {
    await world.database.owner.query('ALTER TABLE person_roles RENAME TO person_roles_gone');
    try {
      const { status, body, text, headers } = await ask('{ assets { totalCount } }');
      expect(status).toBe(500);
      expect(body.errors[0].message).toContain(headers.get('x-request-id') ?? 'no id');
      expect(text).not.toContain('person_roles');
      expect(lines.filter(({ level }) => level === 50)).toHaveLength(1);
    } finally {
      await world.database.owner.query('ALTER TABLE person_roles_gone RENAME TO person_roles');
    }
  });
});
