import { getOperationAST, parse, type GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { planOf, type CachePlan } from '../../src/graphql/cache-plan.ts';
import { schemaOf } from '../support/apollo-server.ts';

function plan(schema: GraphQLSchema, text: string): CachePlan {
  const document = parse(text);
  return planOf(schema, document, getOperationAST(document)!);
}

describe('an answer is for everybody only where everything selected says so', () => {
  const schema = schemaOf(`
    type Query {
      status: Status @cacheControl(maxAge: 60, scope: PUBLIC)
      tenants: Status @cacheControl(maxAge: 60, scope: TENANT)
      unsaid: Status @cacheControl(maxAge: 60)
      notice: Notice
      version: String @cacheControl(maxAge: 60, scope: PUBLIC)
      build: String @cacheControl(maxAge: 60)
      either: Either @cacheControl(maxAge: 60, scope: PUBLIC)
      mixed: Mixed @cacheControl(maxAge: 60, scope: PUBLIC)
    }
    type Status @cacheControl(inheritMaxAge: true) {
      up: Boolean
      secret: String @cacheControl(scope: PRIVATE)
      site: Site
      notice: Notice
    }
    type Site @cacheControl(inheritMaxAge: true) { name: String }
    type Notice @cacheControl(maxAge: 30, scope: PUBLIC) { text: String, tenants: String @cacheControl(scope: TENANT) }
    type Mine @cacheControl(inheritMaxAge: true, scope: PRIVATE) { text: String }
    type Ours @cacheControl(inheritMaxAge: true, scope: TENANT) { text: String }
    union Either = Notice | Site
    union Mixed = Notice | Ours
  `);

  it.each<[string, boolean, string]>([
    ['{ status { up } }', true, 'scalars go by what they are selected on'],
    ['{ version }', true, 'a scalar of the root says so itself'],
    ['{ build }', false, 'or does not'],
    ['{ notice { text } }', true, 'a type may say so for all fields that return it'],
    ['{ status { up notice { text } } }', true, 'one within the other'],
    ['{ status { up } version notice { text } }', true, 'one beside the other'],
    ['{ __typename status { __typename up } }', true, '__typename is the same for everybody'],
    ['{ unsaid { up } }', false, 'what says nothing is the tenant’s'],
    ['{ tenants { up } }', false, 'TENANT is the tenant’s'],
    ['{ status { up } unsaid { up } }', false, 'one root field that says nothing is enough'],
    ['{ status { site { name } } }', false, 'an object within does not go by what it is selected on'],
    ['{ notice { tenants } }', false, 'a scalar may say TENANT'],
    ['{ status { secret } }', false, 'or PRIVATE'],
    ['{ either { ... on Notice { text } } }', true, 'a union may say so for types that do not say otherwise'],
    ['{ mixed { ... on Notice { text } } }', false, 'not for one that does'],
    [
      '{ ...f } fragment f on Query { status { ...g } } fragment g on Status { up site { name } }',
      false,
      'in fragments too',
    ],
    ['{ a: unsaid { ...g } b: status { ...g } } fragment g on Status { up }', false, 'a fragment counts in each place'],
  ])('%s: %s (%s)', (text, isPublic) => {
    expect(plan(schema, text)).toMatchObject({ isPublic, canBeKept: true });
  });

  it('is not for everybody where nothing is kept', () => {
    expect(plan(schema, '{ __typename }')).toMatchObject({ isPublic: false, canBeKept: false, maxAgeS: 0 });
    expect(plan(schema, '{ __schema { description } }')).toMatchObject({
      canBeKept: false,
      decidedBy: 'Query.__schema',
    });
  });

  it('is for the viewer alone as soon as one of its types may be', () => {
    const unions = schemaOf(`
      type Query { it: It @cacheControl(maxAge: 9) }
      union It = A | B
      type A { s: String } type B @cacheControl(scope: PRIVATE) { s: String }
    `);
    expect(plan(unions, '{ it { ... on A { s } } }')).toMatchObject({
      isPrivate: true,
      scopeDecidedBy: 'B',
      maxAgeS: 9,
    });
  });
});

describe('an answer is served stale only where all that limits its age allows it', () => {
  const schema = schemaOf(`
    type Query {
      board: Board @cacheControl(maxAge: 900, staleWhileRevalidate: 60, staleIfError: 3600, clientMaxAge: 30)
      trend: Board @cacheControl(maxAge: 7200, staleWhileRevalidate: 20, staleIfError: 100, clientMaxAge: 5)
      strict: Board @cacheControl(maxAge: 7200)
      typed: Typed
      retimed: Typed @cacheControl(maxAge: 50)
      never: Board @cacheControl(maxAge: 0, staleIfError: 5)
      either: Either @cacheControl(maxAge: 900, staleIfError: 60)
    }
    type Board @cacheControl(inheritMaxAge: true) {
      open: Int
      late: Int @cacheControl(maxAge: 400)
      short: Int @cacheControl(maxAge: 10, staleIfError: 7, clientMaxAge: 10)
      secret: Int @cacheControl(scope: PRIVATE)
      typed: Typed
    }
    type Typed @cacheControl(maxAge: 300, staleWhileRevalidate: 40, staleIfError: 50) { n: Int }
    type Firm @cacheControl(maxAge: 600) { n: Int }
    type Loose @cacheControl(inheritMaxAge: true) { n: Int }
    union Either @cacheControl(inheritMaxAge: true) = Firm | Loose
  `);
  const windows = (text: string) => {
    const { maxAgeS, staleWhileRevalidateS, staleIfErrorS, clientMaxAgeS } = plan(schema, text);
    return [maxAgeS, staleWhileRevalidateS, staleIfErrorS, clientMaxAgeS];
  };

  it.each<[string, number[], string]>([
    ['{ board { open } }', [900, 60, 3600, 30], 'as its root field says'],
    ['{ board { open secret } }', [900, 60, 3600, 30], 'what sets no maxAge has no say'],
    ['{ board { open } trend { open } }', [900, 20, 100, 5], 'the least of each'],
    ['{ board { open } strict { open } }', [900, 0, 0, 0], 'what says nothing beside its maxAge says 0'],
    ['{ board { late } }', [400, 0, 0, 0], 'a scalar too'],
    ['{ board { short } }', [10, 0, 7, 10], 'clients never longer than the server'],
    ['{ board { typed { n } } }', [300, 40, 50, 0], 'a type speaks for the fields that return it'],
    ['{ typed { n } }', [300, 40, 50, 0], 'at the root too'],
    ['{ retimed { n } }', [50, 40, 50, 0], 'a field replaces only what it says'],
    ['{ never { open } }', [0, 0, 0, 0], 'what is not kept is not served stale'],
    ['{ either { ... on Loose { n } } }', [600, 0, 0, 0], 'every type of a union has its say'],
  ])('%s: %j (%s)', (text, expected) => {
    expect(windows(text)).toEqual(expected);
  });

  it('after a change only where every one of them opts in', () => {
    const dashboards = schemaOf(`
      type Query {
        board: Int @cacheControl(maxAge: 900, staleWhileRevalidate: 60)
        trend: Int @cacheControl(maxAge: 7200, staleWhileRevalidate: 20)
        strict: Int @cacheControl(maxAge: 7200)
      }
    `);
    const { board, trend } = dashboards.getQueryType()!.getFields();
    const optIn = (field: typeof board, maxAge: number) =>
      Object.assign(field!, {
        extensions: { cacheControl: { maxAge, staleWhileRevalidate: 60, staleWhenChanged: true } },
      });
    optIn(board, 900);
    expect(plan(dashboards, '{ board }').staleWhenChanged).toBe(true);
    expect(plan(dashboards, '{ trend }').staleWhenChanged).toBe(false);
    expect(plan(dashboards, '{ board trend }').staleWhenChanged).toBe(false);
    optIn(trend, 7200);
    expect(plan(dashboards, '{ board trend }').staleWhenChanged).toBe(true);
    expect(plan(dashboards, '{ board strict }').staleWhenChanged).toBe(false);
  });
});

describe('the plan of a large document', () => {
  it('is made in the time of its text, not of all it could mean', () => {
    const names = Array.from({ length: 20 }, (_, index) => `T${index}`);
    const fields = '{ id: ID, next: Node, other: Node }';
    const schema = schemaOf(`
      type Query { node: Node @cacheControl(maxAge: 9) }
      interface Node @cacheControl(inheritMaxAge: true) ${fields}
      ${names.map((name) => `type ${name} implements Node @cacheControl(inheritMaxAge: true) ${fields}`).join('\n')}
    `);
    const depth = 40;
    const fragments = Array.from(
      { length: depth },
      (_, index) =>
        `fragment f${index} on Node { id ${index + 1 < depth ? `next { ...f${index + 1} } other { ...f${index + 1} }` : ''} }`,
    );
    const startedAt = performance.now();
    const { maxAgeS } = plan(schema, `{ node { ...f0 } } ${fragments.join('\n')}`);
    expect(maxAgeS).toBe(9);
    expect(performance.now() - startedAt).toBeLessThan(2_000); // 2^40 otherwise
  });

  it('of a mutation is nothing to keep', () => {
    const schema = schemaOf(
      'type Query { a: Int @cacheControl(maxAge: 5) } type Mutation { a: Int @cacheControl(maxAge: 5) }',
    );
    expect(plan(schema, 'mutation { a }')).toMatchObject({ maxAgeS: 0, canBeKept: false, decidedBy: null });
  });
});
