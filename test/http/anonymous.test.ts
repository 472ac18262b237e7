import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

describe('without a token', () => {
  const answered: Record<string, [query: string, data: object]> = {
    __typename: ['{ __typename }', { __typename: 'Query' }],
    'an alias of it': ['{ kind: __typename }', { kind: 'Query' }],
    'a named operation': ['query Ping { __typename }', { __typename: 'Query' }],
    'a fragment': ['{ ...root } fragment root on Query { __typename }', { __typename: 'Query' }],
    'an inline fragment': ['{ ... on Query { ... { __typename } } }', { __typename: 'Query' }],
    'a condition': ['query ($yes: Boolean = true) { __typename @include(if: $yes) }', { __typename: 'Query' }],
    'a mutation': ['mutation { __typename }', { __typename: 'Mutation' }],
  };
  for (const [what, [query, data]] of Object.entries(answered)) {
    it(`answers ${what}`, async () => {
      expect(await world.ask(null, query)).toMatchObject({ status: 200, data });
    });
  }

  const refused: Record<string, string> = {
    'a field': '{ viewer { person { id } } }',
    'a field beside __typename': '{ __typename tenant { name } }',
    'a field behind an alias of __typename': '{ __typename: tenant { name } }',
    'a field in a fragment': '{ ...root } fragment root on Query { sites { name } }',
    'a field in an inline fragment': '{ ... on Query { sites { name } } }',
    'a field that is skipped': '{ __typename sites @skip(if: true) { name } }',
    'a field in a fragment that is not used': '{ __typename } fragment unused on Query { sites { name } }',
    introspection: getIntrospectionQuery(),
    'one type': '{ __type(name: "Person") { name } }',
    'a fragment called __schema': '{ ...__schema } fragment __schema on Query { sites { name } }',
    'an operation called __schema': 'query __schema { sites { name } }',
    'an unknown field': '{ tiket { id } }',
    'an unknown field of a known name': '{ viewr }',
    'an argument of __typename': '{ __typename(viewr: 1) }',
    'a condition on a type that exists': '{ ... on Person { __typename } }',
    'a condition on a type that almost exists': '{ ... on Persn { __typename } }',
    'a variable of a type that exists': 'query ($a: TicketFilter) { __typename }',
    'a variable of a type that almost exists': 'query ($a: TiketFilter) { __typename }',
    'a directive': '{ __typename @deprecated }',
    'a directive that almost exists': '{ __typename @inclde(if: true) }',
    'a mutation': 'mutation { createTicket(input: {}) { __typename } }',
    'a schema': 'type Query { a: Int } { __typename }',
  };
  for (const [what, query] of Object.entries(refused)) {
    it(`refuses ${what}, and tells nothing of the schema`, async () => {
      const { status, errors, data, headers } = await world.ask(null, query);
      expect({ status, data }).toEqual({ status: 401, data: undefined });
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(errors).toHaveLength(1);
      expect(errors?.[0]).toMatchObject({
        message: 'Send a token: "Authorization: Bearer <token>".',
        extensions: { code: 'UNAUTHENTICATED' },
      });
    });
  }

  it('refuses a field of an operation that is not the one to run', async () => {
    const query = 'query A { __typename } query B { sites { name } }';
    expect((await world.ask(null, query, { operationName: 'A' })).status).toBe(401);
  });

  it('refuses a field in every media type with 401', async () => {
    for (const accept of ['application/json', '*/*', 'application/graphql-response+json']) {
      expect((await world.ask(null, '{ sites { name } }', { headers: { accept } })).status).toBe(401);
    }
  });

  it('says what is wrong with the syntax', async () => {
    expect(await world.ask(null, '{')).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
    });
  });
});

describe('with a token', () => {
  it('introspects and gets suggestions in development', async () => {
    const { token } = world.acme.people.member;
    const { data } = await world.ask(token, getIntrospectionQuery());
    expect(data.__schema.queryType.name).toBe('Query');
    const { errors } = await world.ask(token, '{ viewr { person { id } } }');
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
    expect(errors?.[0]?.message).toContain('Did you mean "viewer"?');
  });

  it('introspects but gets no suggestions in production', async () => {
    const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, development: false });
    const url = `${await app.listen(0)}/graphql`;
    const ask = async (query: string, variables?: object) => {
      const authorization = `Bearer ${world.acme.people.member.token}`;
      const headers = { 'content-type': 'application/json', authorization };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
      return { text: await response.text(), headers: response.headers };
    };
    try {
      expect((await ask(getIntrospectionQuery())).text).toContain('"__schema"');
      for (const query of ['{ viewr }', '{ ... on Persn { id } }', '{ sites { nam } }', '{ __typename @inclde }']) {
        const { text } = await ask(query);
        expect(text).toContain('GRAPHQL_VALIDATION_FAILED');
        expect(text).not.toContain('Did you mean');
      }
      expect((await ask('{ viewer { person { id } } }')).headers.get('server-timing')).toBeNull();
    } finally {
      await app.close();
    }
  });
});
