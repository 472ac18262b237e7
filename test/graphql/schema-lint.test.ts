import type { GraphQLObjectType, GraphQLSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkSchema } from '../../src/app/check-schema.ts';
import { lintSchema, type Finding } from '../../src/graphql/schema-lint/lint-schema.ts';
import { schemaOf } from '../support/apollo-server.ts';

/** As Pothos keeps what a field was declared with. */
function declared(schema: GraphQLSchema, coordinate: string, options: object): GraphQLSchema {
  const [typeName = '', fieldName] = coordinate.split('.');
  const type = schema.getType(typeName) as GraphQLObjectType;
  const carrier = fieldName ? type.getFields()[fieldName]! : type;
  carrier.extensions = { ...carrier.extensions, pothosOptions: options };
  return schema;
}

const logged = ['ticket', 'site', 'leave_request'];

function lint(schema: GraphQLSchema | string, types = logged): Finding[] {
  const built = typeof schema === 'string' ? schemaOf(schema) : schema;
  return lintSchema({ schema: built, changeLog: { types: new Set(types) } });
}

const brief = (findings: Finding[]) => findings.map(({ rule, coordinate }) => `${rule} ${coordinate}`);

describe('the policy of our schema', () => {
  it('is what its authors can have meant', async () => {
    expect(await checkSchema()).toEqual([]);
  });

  it('would not be if a table stopped logging its changes', async () => {
    expect(brief(await checkSchema(new Set(['person'])))).toContain('untracked-type Ticket');
  });
});

describe('a root field without a policy', () => {
  it('is found; one with a policy of its own, of its type, or of its resolver is not', () => {
    const schema = schemaOf(`
      type Query {
        bare: String
        scoped: String @cacheControl(scope: PRIVATE)
        object: Bare
        kept: String @cacheControl(maxAge: 1)
        never: String @cacheControl(maxAge: 0)
        typed: Timed
        dynamic: String
      }
      type Bare @cacheControl(inheritMaxAge: true) { s: String }
      type Timed @cacheControl(maxAge: 5) { s: String }
      type Mutation { anything: String }
    `);
    schema.getQueryType()!.getFields()['dynamic']!.extensions = { cacheControl: { dynamic: true } };
    const found = lint(schema);
    expect(brief(found)).toEqual([
      'root-without-policy Query.bare',
      'root-without-policy Query.object',
      'root-without-policy Query.scoped',
    ]);
    expect(found[0]?.message).toContain('cacheControl: { maxAge: 300 }');
  });
});

describe('a type whose table logs no changes', () => {
  const schema = `
    type Query { ticket: Ticket @cacheControl(maxAge: 9), leave: LeaveRequest @cacheControl(maxAge: 9) }
    type Ticket @cacheControl(inheritMaxAge: true) { id: ID!, figures: Figures, secret: Secret }
    type LeaveRequest @cacheControl(inheritMaxAge: true) { id: ID! }
    type Figures @cacheControl(inheritMaxAge: true) { open: Int }
    type Secret @cacheControl(maxAge: 0) { id: ID! }
    type Mutation { make: Payload }
    type Payload { id: ID }
  `;

  it('is found where it has an id and may be kept', () => {
    const found = lint(schema, ['ticket']);
    expect(brief(found)).toEqual(['untracked-type LeaveRequest']);
    expect(found[0]?.message).toContain(`track_changes(<table>, 'leave_request')`);
  });

  it('is not where its table does', () => {
    expect(lint(schema)).toEqual([]);
  });
});

describe('what is guarded, under PUBLIC', () => {
  const types = `
    type Query {
      open: Status @cacheControl(maxAge: 9, scope: PUBLIC)
      tenants: Status @cacheControl(maxAge: 9)
      version: String @cacheControl(maxAge: 9, scope: PUBLIC)
    }
    type Status @cacheControl(inheritMaxAge: true) { up: Boolean, site: Site }
    type Site @cacheControl(inheritMaxAge: true) { id: ID! }
  `;
  const guard = { authScopes: { permission: 'sites:read' } };

  it.each([
    ['Query.version', ['guarded-under-public Query.version']],
    ['Query.open', ['guarded-under-public Query.open']],
    ['Status.up', ['guarded-under-public Status.up']],
    ['Query.tenants', []],
    ['Status.site', []], // an object within says PUBLIC itself or is not
  ])('is found: a guard on %s gives %j', (coordinate, expected) => {
    expect(brief(lint(declared(schemaOf(types), coordinate, guard)))).toEqual(expected);
  });

  it('is found where the whole type is guarded', () => {
    expect(brief(lint(declared(schemaOf(types), 'Status', guard)))).toEqual([
      'guarded-under-public Query.open',
      'guarded-under-public Status.up',
    ]);
  });

  it('is told with what it needs, also where that is decided for each object', () => {
    const message = (authScopes: unknown) => lint(declared(schemaOf(types), 'Query.open', { authScopes }))[0]?.message;
    expect(message({ permission: 'sites:read' })).toContain('guarded (permission sites:read)');
    expect(message(() => true)).toContain('guarded (decided for each object)');
  });
});

describe('what is PRIVATE, under PUBLIC', () => {
  it('is found where a field says PUBLIC of a PRIVATE type, and within a type that is shared', () => {
    const found = lint(`
      type Query {
        mine: Mine @cacheControl(scope: PUBLIC)
        post: Post @cacheControl(maxAge: 9, scope: PUBLIC)
        draft: Draft @cacheControl(maxAge: 9)
      }
      type Mine @cacheControl(maxAge: 9, scope: PRIVATE) { s: String }
      type Post @cacheControl(inheritMaxAge: true) { s: String, seen: Boolean @cacheControl(scope: PRIVATE) }
      type Draft @cacheControl(inheritMaxAge: true) { s: String, seen: Boolean @cacheControl(scope: PRIVATE) }
    `);
    expect(brief(found)).toEqual(['private-under-public Post.seen', 'private-under-public Query.mine']);
  });
});

describe('a field that is kept by itself', () => {
  const types = `
    type Query { board: Board @cacheControl(maxAge: 9), ticket: Ticket @cacheControl(maxAge: 9) }
    type Board @cacheControl(inheritMaxAge: true) { figures: Int }
    type Ticket @cacheControl(inheritMaxAge: true) { id: ID!, figures: Int }
  `;

  it.each([
    ['Board.figures', { cached: true }, ['no-identity Board.figures']],
    ['Board.figures', { cached: { maxAge: 5 } }, ['no-identity Board.figures']],
    ['Board.figures', { cached: { parent: () => 1 } }, []],
    ['Board.figures', {}, []],
    ['Ticket.figures', { cached: true }, []],
    ['Query.board', { cached: true }, []],
  ])('needs an identity of its parent: %s with %j gives %j', (coordinate, options, expected) => {
    expect(brief(lint(declared(schemaOf(types), coordinate, options)))).toEqual(expected);
  });
});

describe('a policy that never applies', () => {
  it.each<[string, string, string[]]>([
    [
      'on what only mutations answer with',
      `type Query { a: Int @cacheControl(maxAge: 1) }
       type Mutation { make: Made @cacheControl(maxAge: 1) }
       type Made @cacheControl(maxAge: 2) { s: String @cacheControl(maxAge: 3) }`,
      ['Made', 'Made.s', 'Mutation.make'],
    ],
    [
      'above that of every field that leads to it',
      `type Query { long: A @cacheControl(maxAge: 50), short: A @cacheControl(maxAge: 10) }
       type A @cacheControl(inheritMaxAge: true) { longer: Int @cacheControl(maxAge: 51), same: Int @cacheControl(maxAge: 50),
         between: Int @cacheControl(maxAge: 30), never: Int @cacheControl(maxAge: 0) }`,
      ['A.longer'],
    ],
    [
      'above what is left at the end of a longer way, or of a round one',
      `type Query { a: A @cacheControl(maxAge: 50) }
       type A @cacheControl(inheritMaxAge: true) { b: B @cacheControl(maxAge: 20), s: Int @cacheControl(maxAge: 40) }
       type B @cacheControl(inheritMaxAge: true) { a: A, deep: Int @cacheControl(maxAge: 21) }`,
      ['B.deep'],
    ],
    [
      'above its parent, of a type: unless one field can reach it in time',
      `type Query { a: A @cacheControl(maxAge: 50), t: T }
       type A @cacheControl(inheritMaxAge: true) { t: T, u: U }
       type T @cacheControl(maxAge: 60) { s: String }
       type U @cacheControl(maxAge: 60) { s: String }`,
      ['U'],
    ],
    [
      'above what a union allows',
      `type Query { u: U @cacheControl(maxAge: 50) }
       union U = A | B
       type A @cacheControl(maxAge: 20) { s: Int }
       type B @cacheControl(inheritMaxAge: true) { s: Int @cacheControl(maxAge: 30) }`,
      ['B.s'],
    ],
    [
      'of a type that every field replaces',
      `type Query { a: A @cacheControl(maxAge: 50) } type A @cacheControl(maxAge: 60) { s: String }`,
      ['A'],
    ],
    ['of windows of what is not kept', `type Query { a: Int @cacheControl(maxAge: 0, staleIfError: 5) }`, ['Query.a']],
    [
      'of windows that nothing above has',
      `type Query { a: A @cacheControl(maxAge: 50), b: B @cacheControl(maxAge: 50, staleWhileRevalidate: 1) }
       type A @cacheControl(inheritMaxAge: true) { s: Int @cacheControl(maxAge: 5, staleWhileRevalidate: 3) }
       type B @cacheControl(inheritMaxAge: true) { s: Int @cacheControl(maxAge: 5, staleWhileRevalidate: 3) }`,
      ['A.s'],
    ],
    [
      'of inheritance at the root, or from a type that has its own',
      `type Query { a: A @cacheControl(inheritMaxAge: true), b: B @cacheControl(inheritMaxAge: true), c: C @cacheControl(maxAge: 9) }
       type A { s: String }
       type B @cacheControl(maxAge: 7) { s: String }
       type C @cacheControl(inheritMaxAge: true) { b: B @cacheControl(inheritMaxAge: true), a: A @cacheControl(inheritMaxAge: true) }`,
      ['C.b', 'Query.a', 'Query.b'],
    ],
    [
      'on the field of an interface that its types do not repeat',
      `type Query { n: N @cacheControl(maxAge: 9) }
       interface N @cacheControl(inheritMaxAge: true) { s: Int @cacheControl(maxAge: 5), t: Int @cacheControl(maxAge: 5) }
       type A implements N @cacheControl(inheritMaxAge: true) { s: Int, t: Int @cacheControl(maxAge: 5) }`,
      ['N.s'],
    ],
  ])('is found %s', (_sentence, types, expected) => {
    const found = lint(types).filter(({ rule }) => rule === 'never-applies');
    expect(found.map(({ coordinate }) => coordinate)).toEqual(expected);
    for (const { message } of found) expect(message).toMatch(/\. (Leave|Write|Give|Say)|, or /);
  });

  it('is not seen where a resolver may say more', () => {
    const schema = schemaOf(`
      type Query { a: A @cacheControl(maxAge: 50), b: Int @cacheControl(maxAge: 0, staleIfError: 5) }
      type A @cacheControl(inheritMaxAge: true) { s: Int @cacheControl(maxAge: 60) }
    `);
    for (const field of Object.values(schema.getQueryType()!.getFields())) {
      field.extensions = { cacheControl: { maxAge: 0, staleIfError: 5, dynamic: true } };
    }
    expect(lint(schema)).toEqual([]);
  });
});
