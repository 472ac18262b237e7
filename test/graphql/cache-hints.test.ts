import SchemaBuilder from '@pothos/core';
import fc from 'fast-check';
import { execute, getOperationAST, isObjectType, parse, specifiedDirectives, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { cacheControlDirective, cacheControlFromInfo, cacheControlPlugin } from '../../src/graphql/cache-control.ts';
import { createCacheHints, type CacheHint, type CacheHints } from '../../src/graphql/cache-control/hints.ts';
import { policyOf } from '../../src/graphql/cache-control/policy-of.ts';
import { applyHints, planOf, type CachePlan } from '../../src/graphql/cache-plan.ts';
import { apolloPolicy, valueOf } from '../support/apollo-server.ts';
import { operationOf, randomSchema, tape } from '../support/random-policies.ts';

/** A desk whose resolvers say how long their results hold; the arguments are what they say. */
function deskSchema(): GraphQLSchema {
  const builder = new SchemaBuilder<{ Context: { cacheHints: CacheHints }; DefaultFieldNullability: false }>({
    plugins: [cacheControlPlugin],
    defaultFieldNullability: false,
    cacheControl: { typesInherit: true },
    scopeAuth: { authScopes: () => ({}) }, // asked for by the types of a plugin that is not used here
  });
  const Ticket = builder.objectRef<{ n: number }>('Ticket').implement({
    fields: (t) => ({
      title: t.string({ resolve: () => 'Printer' }),
      age: t.int({
        cacheControl: { dynamic: true },
        resolve: ({ n }, _args, _context, info) => {
          if (n > 0) cacheControlFromInfo(info).setCacheHint({ maxAge: n * 10 });
          return n;
        },
      }),
      overdue: t.boolean({
        cacheControl: { maxAge: 50, dynamic: true },
        resolve: async ({ n }, _args, _context, info) => {
          await Promise.resolve();
          if (n > 1) cacheControlFromInfo(info).setCacheHint({ maxAge: 90 });
          return true;
        },
      }),
      undeclared: t.boolean({
        nullable: true,
        resolve: (_ticket, _args, _context, info) => {
          cacheControlFromInfo(info).setCacheHint({ maxAge: 1 });
          return true;
        },
      }),
    }),
  });
  builder.queryType({
    fields: (t) => ({
      tickets: t.field({
        type: [Ticket],
        cacheControl: { maxAge: 900, staleIfError: 60, staleWhileRevalidate: 30, clientMaxAge: 20, dynamic: true },
        args: { maxAge: t.arg.float(), scope: t.arg.string(), staleIfError: t.arg.int(), ns: t.arg.intList() },
        resolve: (_root, { ns, ...said }, _context, info) => {
          const hint = Object.fromEntries(Object.entries(said).filter(([, value]) => value != null));
          cacheControlFromInfo(info).setCacheHint(hint);
          return (ns ?? [1]).map((n) => ({ n }));
        },
      }),
      unset: t.field({
        type: Ticket,
        cacheControl: { dynamic: true },
        args: { maxAge: t.arg.int() },
        resolve: (_root, { maxAge }, _context, info) => {
          if (maxAge != null) cacheControlFromInfo(info).setCacheHint({ maxAge });
          return { n: 5 };
        },
      }),
      everybodys: t.string({
        cacheControl: { maxAge: 40, scope: 'PUBLIC', dynamic: true },
        args: { scope: t.arg.string() },
        resolve: (_root, { scope }, _context, info) => {
          if (scope) cacheControlFromInfo(info).setCacheHint({ scope: scope as 'TENANT' });
          return 'x';
        },
      }),
    }),
  });
  return builder.toSchema({ directives: [...specifiedDirectives, cacheControlDirective] });
}

const desk = deskSchema();

/** The plan before the run and after it. */
async function run(text: string, schema = desk): Promise<{ before: CachePlan; after: CachePlan; errors: string[] }> {
  const document = parse(text);
  const cacheHints = createCacheHints();
  const before = planOf(schema, document, getOperationAST(document)!);
  const { errors = [] } = await execute({ schema, document, contextValue: { cacheHints } });
  return { before, after: applyHints(before, cacheHints), errors: errors.map(({ message }) => message) };
}

describe('a resolver that knows more', () => {
  it.each<[string, string, Partial<CachePlan>]>([
    ['makes it shorter', '{ tickets(maxAge: 60) { title } }', { maxAgeS: 60, decidedBy: 'Query.tickets (its result)' }],
    ['makes it longer', '{ tickets(maxAge: 1000) { title } }', { maxAgeS: 1000 }],
    ['may say 0', '{ tickets(maxAge: 0) { title } }', { maxAgeS: 0, canBeKept: true }],
    ['may say a fraction, which is cut off', '{ tickets(maxAge: 7.9) { title } }', { maxAgeS: 7 }],
    ['may say what is past, which is 0', '{ tickets(maxAge: -3) { title } }', { maxAgeS: 0 }],
    ['may say nothing', '{ tickets { title } }', { maxAgeS: 900, decidedBy: 'Query.tickets' }],
    [
      'leaves what it does not say',
      '{ tickets(maxAge: 60) { title } }',
      { staleIfErrorS: 60, staleWhileRevalidateS: 30 },
    ],
    ['never lets clients keep it longer than the server', '{ tickets(maxAge: 5) { title } }', { clientMaxAgeS: 5 }],
    [
      'may take back that it is served stale',
      '{ tickets(staleIfError: 0) { title } }',
      { maxAgeS: 900, staleIfErrorS: 0 },
    ],
    [
      'may make it PRIVATE',
      '{ tickets(scope: "PRIVATE") { title } }',
      { isPrivate: true, scopeDecidedBy: 'Query.tickets (its result)' },
    ],
    ['may keep what the schema alone would not', '{ unset(maxAge: 30) { title } }', { maxAgeS: 30, canBeKept: true }],
    ['need not', '{ unset { title } }', { maxAgeS: 0, decidedBy: 'Query.unset' }],
    [
      'counts as the strictest of all the times its field was resolved',
      '{ tickets(ns: [3, 2, 4]) { age } }',
      { maxAgeS: 20 },
    ],
    ['does not speak for the times when it says nothing', '{ tickets(ns: [2, 1, 3]) { overdue } }', { maxAgeS: 50 }],
    ['speaks for all of them where it always does', '{ tickets(ns: [2, 3]) { overdue } }', { maxAgeS: 90 }],
    [
      'is limited by what others say',
      '{ tickets(maxAge: 60, ns: [2]) { age } }',
      { maxAgeS: 20, decidedBy: 'Ticket.age (its result)' },
    ],
    ['counts for each alias', '{ a: tickets(maxAge: 60) { title } b: tickets(maxAge: 30) { title } }', { maxAgeS: 30 }],
    ['leaves PUBLIC what is', '{ everybodys }', { isPublic: true }],
    ['makes it less than PUBLIC', '{ everybodys(scope: "TENANT") }', { isPublic: false, isPrivate: false }],
  ])('%s', async (_sentence, text, expected) => {
    const { after, errors } = await run(text);
    expect(errors).toEqual([]);
    expect(after).toMatchObject(expected);
  });

  it('has no say where its field was not resolved: the schema has', async () => {
    const { before, after } = await run('{ tickets(ns: []) { overdue } }');
    expect([before.maxAgeS, after.maxAgeS]).toEqual([50, 50]);
  });

  it('must have been announced: the error says how', async () => {
    const { errors } = await run('{ tickets { undeclared } }');
    expect(errors).toEqual(['Ticket.undeclared sets a cache hint: declare it with cacheControl: { dynamic: true }.']);
  });

  it('may be one that could make it kept: the plan says whether there is one', () => {
    const canBeKept = (text: string) => planOf(desk, parse(text), getOperationAST(parse(text))!).canBeKept;
    expect([canBeKept('{ unset { title } }'), canBeKept('{ unset { title } __schema { description } }')]).toEqual([
      true,
      false,
    ]);
  });
});

describe('hints in any operation of any schema', () => {
  const said = fc.record(
    { maxAge: fc.nat({ max: 20 }), scope: fc.constantFrom('PUBLIC', 'PRIVATE') },
    { requiredKeys: [] },
  );

  it('count as in Apollo Server', async () => {
    await fc.assert(
      fc.asyncProperty(
        randomSchema({ unions: false }),
        tape,
        fc.array(said, { minLength: 1 }),
        async (schema, numbers, hints) => {
          let turn = 0;
          const next = () => hints[turn++ % hints.length] as CacheHint;
          for (const type of Object.values(schema.getTypeMap())) {
            if (!isObjectType(type) || type.name.startsWith('__')) continue;
            for (const field of Object.values(type.getFields())) {
              field.extensions = { cacheControl: { ...policyOf(field), dynamic: true } };
              field.resolve = (_parent, _args, context: { cacheHints?: CacheHints }, info) => {
                const ours = context.cacheHints?.open(`${info.parentType.name}.${info.fieldName}`);
                (ours ?? cacheControlFromInfo(info)).setCacheHint(next());
                return valueOf(field);
              };
            }
          }
          const operation = operationOf(schema, numbers);
          const apollo = await apolloPolicy(schema, operation);
          turn = 0; // both resolve in the same order
          const { maxAgeS, isPrivate } = (await run(operation, schema)).after;
          expect(maxAgeS === 0 ? 'none' : `${maxAgeS} ${isPrivate ? 'PRIVATE' : 'PUBLIC'}`).toBe(apollo);
        },
      ),
      { numRuns: 250 },
    );
  });
});
