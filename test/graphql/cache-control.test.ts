import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import { printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  buildSchema,
  getOperationAST,
  OperationTypeNode,
  parse,
  specifiedDirectives,
  type GraphQLSchema,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { printSdl } from '../../src/app/print-sdl.ts';
import { cacheControlDirective, cacheControlPlugin, type FieldCacheControl } from '../../src/graphql/cache-control.ts';
import { planOf } from '../../src/graphql/cache-plan.ts';
import { buildSchema as buildOurs } from '../../src/graphql/schema.ts';
import { apolloPolicy } from '../support/apollo-server.ts';

function newBuilder({ typesInherit = false } = {}) {
  const builder = new SchemaBuilder<{ DefaultFieldNullability: false }>({
    plugins: [DirectivesPlugin, cacheControlPlugin],
    defaultFieldNullability: false,
    directives: { useGraphQLToolsUnorderedDirectives: true },
    cacheControl: { typesInherit },
    scopeAuth: { authScopes: () => ({}) }, // asked for by the types of a plugin that is not used here
  });
  builder.queryType({});
  builder.mutationType({});
  return builder;
}

/** A schema with one field of that policy. */
function schemaWith(cacheControl: FieldCacheControl): GraphQLSchema {
  const builder = newBuilder();
  builder.queryField('clock', (t) => t.string({ cacheControl, description: 'The time.', resolve: () => 'noon' }));
  builder.mutationField('wind', (t) => t.boolean({ resolve: () => true }));
  return toSchema(builder);
}

const toSchema = (builder: ReturnType<typeof newBuilder>) =>
  builder.toSchema({ directives: [...specifiedDirectives, cacheControlDirective] });
const printed = (schema: GraphQLSchema) => printSchemaWithDirectives(schema);

describe('cacheControl on a field or type', () => {
  it('is the directive in the SDL', () => {
    const all = { maxAge: 60, scope: 'PUBLIC', staleWhileRevalidate: 5, staleIfError: 10, clientMaxAge: 20 } as const;
    expect(printed(schemaWith(all))).toContain(
      'clock: String! @cacheControl(maxAge: 60, scope: PUBLIC, staleWhileRevalidate: 5, staleIfError: 10, clientMaxAge: 20)',
    );
  });

  it('keeps what is no part of the directive out of the SDL', () => {
    const policy = { maxAge: 60, staleWhileRevalidate: 5, staleWhenChanged: true, dynamic: true, inheritMaxAge: false };
    expect(printed(schemaWith(policy))).toContain('clock: String! @cacheControl(maxAge: 60, staleWhileRevalidate: 5)');
  });

  it.each<[FieldCacheControl, string]>([
    [{ maxAge: 900 }, 'Kept at most 15 minutes. `@cacheControl(maxAge: 900)`'],
    [{ maxAge: 1 }, 'Kept at most 1 second. `@cacheControl(maxAge: 1)`'],
    [{ maxAge: 5400 }, 'Kept at most 90 minutes. `@cacheControl(maxAge: 5400)`'],
    [{ maxAge: 0 }, 'Not kept. `@cacheControl(maxAge: 0)`'],
    [{ maxAge: 3600, dynamic: true }, 'Kept at most 1 hour, or as its result says. `@cacheControl(maxAge: 3600)`'],
    [{ inheritMaxAge: true }, 'Kept as long as what it is part of. `@cacheControl(inheritMaxAge: true)`'],
    [{ scope: 'PRIVATE' }, 'For the viewer alone. `@cacheControl(scope: PRIVATE)`'],
    [
      { maxAge: 60, staleWhileRevalidate: 30, staleIfError: 120 },
      'Kept at most 1 minute. For 30 seconds more, marked STALE, while it is made anew. ' +
        'For 2 minutes more, marked STALE, where that fails. ' +
        '`@cacheControl(maxAge: 60, staleWhileRevalidate: 30, staleIfError: 120)`',
    ],
    [
      { maxAge: 60, scope: 'PUBLIC', clientMaxAge: 10, staleWhileRevalidate: 5, staleWhenChanged: true },
      'Kept at most 1 minute. The same for everybody. For 5 seconds more, marked STALE, while it is made anew, also ' +
        'after a change. Clients need not ask again for 10 seconds. ' +
        '`@cacheControl(maxAge: 60, scope: PUBLIC, staleWhileRevalidate: 5, clientMaxAge: 10)`',
    ],
  ])('%j is a sentence of the description, where GraphiQL shows it', (policy, sentence) => {
    const description = schemaWith(policy).getQueryType()?.getFields()['clock']?.description;
    expect(description).toBe(`The time. ${sentence}`);
  });

  it.each<[FieldCacheControl, RegExp]>([
    [{ maxAge: -1 }, /maxAge is -1\. Write whole seconds from 0/],
    [{ maxAge: 0.5 }, /maxAge is 0\.5\. Write whole seconds/],
    [{ maxAge: Number.NaN }, /maxAge is NaN/],
    [{ maxAge: Number.POSITIVE_INFINITY }, /maxAge is Infinity/],
    [{ maxAge: 2 ** 31 }, /maxAge is 2147483648\. Write whole seconds from 0 to 2147483647/],
    [{ maxAge: '60' as never }, /maxAge is 60/],
    [{ maxAge: 1, staleIfError: -1 }, /staleIfError is -1/],
    [{ maxAge: 1, staleWhileRevalidate: 1.5 }, /staleWhileRevalidate is 1\.5/],
    [{ maxAge: 1, clientMaxAge: -5 }, /clientMaxAge is -5/],
    [{ scope: 'EVERYBODY' as never }, /scope is EVERYBODY\. Write PUBLIC, TENANT or PRIVATE/],
    [{ maxAge: 1, inheritMaxAge: true }, /it has a maxAge and inherits one\. Leave out inheritMaxAge, or maxAge/],
    [{ staleWhileRevalidate: 5 }, /staleWhileRevalidate goes with a maxAge of its own\. Say maxAge too/],
    [{ inheritMaxAge: true, staleIfError: 5 }, /staleIfError goes with a maxAge of its own/],
    [{ scope: 'PUBLIC', clientMaxAge: 5 }, /clientMaxAge goes with a maxAge of its own/],
    [{ maxAge: 5, clientMaxAge: 6 }, /clients would keep it for 6 s, longer than the server\. .*at most 5/],
    [{ maxAge: 5, staleWhenChanged: true }, /staleWhenChanged widens staleWhileRevalidate\. Say for how many/],
  ])('%j stops the schema, naming the field and the fix', (policy, message) => {
    expect(() => schemaWith(policy)).toThrow(message);
    expect(() => schemaWith(policy)).toThrow(/^The cacheControl of Query\.clock cannot be: /);
  });

  it('stops the schema for a type as well', () => {
    const builder = newBuilder();
    builder.objectType(builder.objectRef<object>('Cuckoo'), {
      name: 'Cuckoo',
      cacheControl: { maxAge: -3 },
      fields: (t) => ({ calls: t.int({ resolve: () => 1 }) }),
    });
    expect(() => toSchema(builder)).toThrow('The cacheControl of Cuckoo cannot be: maxAge is -3.');
  });
});

describe('types without a maxAge', () => {
  function nested(typesInherit: boolean): GraphQLSchema {
    const builder = newBuilder({ typesInherit });
    const leaf = builder.objectRef<object>('Leaf').implement({ fields: (t) => ({ n: t.int({ resolve: () => 1 }) }) });
    const mine = builder.objectRef<object>('Mine').implement({
      cacheControl: { scope: 'PRIVATE' },
      fields: (t) => ({ leaf: t.field({ type: leaf, resolve: () => ({}) }) }),
    });
    const timed = builder.objectRef<object>('Timed').implement({
      cacheControl: { maxAge: 7 },
      fields: (t) => ({ n: t.int({ resolve: () => 1 }) }),
    });
    const either = builder.unionType('Either', { types: [leaf, timed], resolveType: () => 'Leaf' });
    const done = builder.objectRef<object>('Done').implement({ fields: (t) => ({ n: t.int({ resolve: () => 1 }) }) });
    builder.queryFields((t) => ({
      mine: t.field({ type: mine, cacheControl: { maxAge: 60 }, resolve: () => ({}) }),
      either: t.field({ type: either, cacheControl: { maxAge: 50 }, resolve: () => ({}) }),
      bare: t.field({ type: leaf, resolve: () => ({}) }),
    }));
    builder.mutationField('wind', (t) => t.field({ type: done, resolve: () => ({}) }));
    return toSchema(builder);
  }

  it('inherit where the builder says so, and the SDL says it; not those that only mutations answer with', () => {
    const sdl = printed(nested(true));
    expect(sdl).toContain('type Leaf @cacheControl(inheritMaxAge: true) {');
    expect(sdl).toContain('type Mine @cacheControl(scope: PRIVATE, inheritMaxAge: true) {');
    expect(sdl).toContain('union Either @cacheControl(inheritMaxAge: true) = Leaf | Timed');
    expect(sdl).toContain('type Timed @cacheControl(maxAge: 7) {');
    expect(sdl).toContain('type Done {');
    expect(sdl).toContain('type Query {');
  });

  it('are not kept otherwise, as Apollo Server has it', () => {
    expect(printed(nested(false))).toContain('type Leaf {');
    const lifetime = (schema: GraphQLSchema) => plan(schema, '{ mine { leaf { n } } }').maxAgeS;
    expect([lifetime(nested(true)), lifetime(nested(false))]).toEqual([60, 0]);
  });

  it('leave root fields alone: without a policy they are not kept', () => {
    expect(plan(nested(true), '{ bare { n } }')).toMatchObject({ maxAgeS: 0, decidedBy: 'Query.bare' });
  });
});

describe('our own SDL', () => {
  const folder = join(import.meta.dirname, '../../schema/operations');
  const queries = readdirSync(folder)
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const)
    .filter(([, text]) => getOperationAST(parse(text))?.operation === OperationTypeNode.QUERY);
  const ours = buildOurs();
  const parsed = buildSchema(printSdl());

  it.each(queries)('says of %s what the server does', (_name, text) => {
    const { policies: _ours, ...said } = plan(ours, text);
    const { policies: _parsed, ...read } = plan(parsed, text);
    expect(read).toEqual(said);
  });

  it('says the same to those who read it with the rules of Apollo Server', async () => {
    const read = buildSchema(printSdl());
    const lifetimes = async (text: string) => [`${plan(ours, text).maxAgeS} PUBLIC`, await apolloPolicy(read, text)];
    const operations = [
      '{ tenant { name counts { tickets } } }',
      '{ viewer { person { name site { name } } roles { key } preferences { __typename } } }',
      '{ tickets(first: 1) { totalCount edges { node { number site { name } comments { edges { node { body } } } } } } }',
      '{ dashboard { tickets { open byStatus { key count } } attendance { rate } } }',
    ];
    for (const text of operations) {
      const [said, apollo] = await lifetimes(text);
      expect(apollo, text).toBe(said);
    }
  });

  it('has the directive and its scopes', () => {
    expect(
      parsed
        .getDirective('cacheControl')
        ?.args.map(({ name }) => name)
        .toSorted(),
    ).toEqual(cacheControlDirective.args.map(({ name }) => name).toSorted());
  });
});

function plan(schema: GraphQLSchema, text: string) {
  const document = parse(text);
  return planOf(schema, document, getOperationAST(document)!);
}
