import { getOperationAST, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../src/graphql/cache-plan.ts';
import { apolloPolicy, schemaOf } from '../support/apollo-server.ts';

/** What the policy of an operation is: `60 PUBLIC`, `none` where the answer is not to be kept. */
type Fact = [sentence: string, types: string, operation: string, policy: string];

const books = `
  type Query {
    book: Book
    cachedBook: Book @cacheControl(maxAge: 60)
    reader: Reader @cacheControl(maxAge: 40)
    shelf: [Book] @cacheControl(maxAge: 90)
  }
  type Book { title: String, cachedTitle: String @cacheControl(maxAge: 30), author: Author }
  type Reader { book: Book @cacheControl(inheritMaxAge: true), name: String }
  type Author { name: String }
`;
const typed = `
  type Query {
    droid: Droid
    longer: Droid @cacheControl(maxAge: 120)
    shorter: Droid @cacheControl(maxAge: 20)
    never: Droid @cacheControl(maxAge: 0)
    mine: Droid @cacheControl(scope: PRIVATE)
    everybodys: Droid @cacheControl(scope: PUBLIC)
    inheriting: Droid @cacheControl(inheritMaxAge: true)
    ship: Ship
    log: Log
  }
  type Droid @cacheControl(maxAge: 60) { name: String, friend: Droid, parts: [Part] }
  type Ship @cacheControl(maxAge: 50, scope: PRIVATE) { name: String, droid: Droid }
  type Part @cacheControl(maxAge: 10) { name: String }
  type Log @cacheControl(maxAge: 0) { name: String }
`;
const inheriting = `
  type Query {
    top: Top @cacheControl(maxAge: 1000)
    bare: Top
    plain: Plain
    plains: [Plain] @cacheControl(maxAge: 70)
  }
  type Top {
    plain: Plain
    plains: [Plain]
    other: Other
    inheritingOther: Other @cacheControl(inheritMaxAge: true)
    privateOther: Other @cacheControl(inheritMaxAge: true, scope: PRIVATE)
    limitedPlain: Plain @cacheControl(maxAge: 25)
    privatePlain: Plain @cacheControl(scope: PRIVATE)
    timed: Timed @cacheControl(inheritMaxAge: true)
  }
  type Plain @cacheControl(inheritMaxAge: true) { name: String, short: String @cacheControl(maxAge: 5), other: Other }
  type Other { name: String, short: String @cacheControl(maxAge: 30) }
  type Timed @cacheControl(maxAge: 35) { name: String }
`;
const abstract = `
  type Query { named: Named, droid: Droid, alien: Alien, thing: Thing @cacheControl(maxAge: 80), creature: Creature }
  interface Named @cacheControl(maxAge: 60) { name: String @cacheControl(maxAge: 1) }
  type Droid implements Named @cacheControl(maxAge: 30) { name: String, id: ID }
  type Alien implements Named { name: String }
  union Thing = Rock | Tree
  union Creature @cacheControl(maxAge: 45) = Tree | Rock
  type Rock { weight: String @cacheControl(maxAge: 15), name: String }
  type Tree { height: String, name: String }
`;

const facts: Fact[] = [
  // Defaults
  ['a root field with an object and no policy is not kept', books, '{ book { title } }', 'none'],
  ['a root field with a scalar and no policy is not kept', 'type Query { name: String }', '{ name }', 'none'],
  ['a root scalar may have a policy', 'type Query { name: String @cacheControl(maxAge: 7) }', '{ name }', '7 PUBLIC'],
  ['a policy below does not help a root field without', books, '{ book { cachedTitle } }', 'none'],
  ['a scalar without a policy inherits', books, '{ cachedBook { title } }', '60 PUBLIC'],
  ['an object without a policy below the root is not kept', books, '{ cachedBook { author { name } } }', 'none'],
  ['__typename alone has no policy', books, '{ __typename }', 'none'],
  ['__typename beside others changes nothing', books, '{ __typename cachedBook { __typename title } }', '60 PUBLIC'],
  // The minimum wins
  ['a scalar with a shorter policy limits its parent', books, '{ cachedBook { cachedTitle } }', '30 PUBLIC'],
  ['a scalar with a longer policy changes nothing', typed, '{ shorter { name parts { name } } }', '10 PUBLIC'],
  ['of two root fields the shorter counts', books, '{ cachedBook { title } reader { name } }', '40 PUBLIC'],
  ['one root field without a policy spoils the other', books, '{ cachedBook { title } book { title } }', 'none'],
  ['maxAge 0 anywhere means not at all', typed, '{ longer { name } log { name } }', 'none'],
  [
    'the same field under two aliases counts as one',
    books,
    '{ a: cachedBook { title } b: cachedBook { title } }',
    '60 PUBLIC',
  ],
  [
    'an alias counts by what is selected under it',
    books,
    '{ a: cachedBook { title } b: cachedBook { cachedTitle } }',
    '30 PUBLIC',
  ],
  ['a list counts as its field', books, '{ shelf { title } }', '90 PUBLIC'],
  ['what is in a list counts', books, '{ shelf { cachedTitle } }', '30 PUBLIC'],
  // Types and fields
  ['the policy of a type holds for fields that return it', typed, '{ droid { name } }', '60 PUBLIC'],
  ['it holds at any depth', typed, '{ droid { friend { friend { name } } } }', '60 PUBLIC'],
  ['it holds in lists', typed, '{ droid { parts { name } } }', '10 PUBLIC'],
  ['a longer field replaces its type', typed, '{ longer { name } }', '120 PUBLIC'],
  ['a shorter field replaces its type', typed, '{ shorter { name } }', '20 PUBLIC'],
  ['a field with 0 replaces its type', typed, '{ never { name } }', 'none'],
  ['a type with 0 is not kept', typed, '{ log { name } }', 'none'],
  ['a field that replaces its type does so once only', typed, '{ longer { friend { name } } }', '60 PUBLIC'],
  [
    'a directive on an extension of a type counts',
    'type Query { a: A } type A { b: String } extend type A @cacheControl(maxAge: 9)',
    '{ a { b } }',
    '9 PUBLIC',
  ],
  // Scope
  ['a scope alone leaves the maxAge of the type', typed, '{ mine { name } }', '60 PRIVATE'],
  ['a scope PUBLIC is what there is without one', typed, '{ everybodys { name } }', '60 PUBLIC'],
  ['the scope of a type holds for fields that return it', typed, '{ ship { name } }', '50 PRIVATE'],
  ['one PRIVATE makes all of it PRIVATE', typed, '{ longer { name } ship { name } }', '50 PRIVATE'],
  ['it does so whatever comes after', typed, '{ ship { droid { name } } everybodys { name } }', '50 PRIVATE'],
  [
    'a field that only sets maxAge keeps the scope of its type',
    'type Query { a: A @cacheControl(maxAge: 8) } type A @cacheControl(maxAge: 4, scope: PRIVATE) { b: String }',
    '{ a { b } }',
    '8 PRIVATE',
  ],
  [
    'the scope of a field replaces that of its type',
    'type Query { a: A @cacheControl(scope: PUBLIC) } type A @cacheControl(maxAge: 4, scope: PRIVATE) { b: String }',
    '{ a { b } }',
    '4 PUBLIC',
  ],
  [
    'a PRIVATE scalar makes all of it PRIVATE',
    'type Query { a: A @cacheControl(maxAge: 6) } type A { b: String @cacheControl(scope: PRIVATE) }',
    '{ a { b } }',
    '6 PRIVATE',
  ],
  [
    'a scope without any maxAge keeps nothing',
    'type Query { a: String @cacheControl(scope: PRIVATE) }',
    '{ a }',
    'none',
  ],
  // inheritMaxAge
  ['a field that inherits goes by its parent', books, '{ reader { book { title } } }', '40 PUBLIC'],
  ['below it a scalar may still be shorter', books, '{ reader { book { cachedTitle } } }', '30 PUBLIC'],
  ['below it an object without a policy is not kept', books, '{ reader { book { author { name } } } }', 'none'],
  ['a type that inherits goes by its parent', inheriting, '{ top { plain { name } } }', '1000 PUBLIC'],
  ['it does in a list', inheriting, '{ top { plains { name } } }', '1000 PUBLIC'],
  ['below it a scalar may be shorter', inheriting, '{ top { plain { short } } }', '5 PUBLIC'],
  ['beside it an object without a policy is not kept', inheriting, '{ top { plain { name } other { name } } }', 'none'],
  ['below it an object without a policy is not kept', inheriting, '{ top { plain { other { name } } } }', 'none'],
  ['scalars inherit from their grandparents', inheriting, '{ top { inheritingOther { name } } }', '1000 PUBLIC'],
  ['inheritMaxAge goes with a scope', inheriting, '{ top { privateOther { name } } }', '1000 PRIVATE'],
  ['a type that inherits has nothing to inherit at the root', inheriting, '{ plain { name } }', 'none'],
  [
    'a field that inherits has nothing to inherit at the root',
    'type Query { a: A @cacheControl(inheritMaxAge: true) } type A { b: String }',
    '{ a { b } }',
    'none',
  ],
  ['a field that inherits yields to the maxAge of its type', inheriting, '{ top { timed { name } } }', '35 PUBLIC'],
  ['so it does at the root', typed, '{ inheriting { name } }', '60 PUBLIC'],
  [
    'a field with a maxAge replaces the inheritMaxAge of its type',
    inheriting,
    '{ top { limitedPlain { name } } }',
    '25 PUBLIC',
  ],
  ['so it does at the root', inheriting, '{ plains { name } }', '70 PUBLIC'],
  [
    'a field with only a scope leaves its type inheriting',
    inheriting,
    '{ top { privatePlain { name } } }',
    '1000 PRIVATE',
  ],
  [
    'a maxAge beside inheritMaxAge is not looked at',
    'type Query { t: T @cacheControl(maxAge: 9) } type T { a: A } type A @cacheControl(maxAge: 1, inheritMaxAge: true) { b: String }',
    '{ t { a { b } } }',
    '9 PUBLIC',
  ],
  // Fragments
  [
    'a fragment counts like what is in it',
    books,
    '{ ...f } fragment f on Query { cachedBook { ...g } } fragment g on Book { cachedTitle }',
    '30 PUBLIC',
  ],
  ['an inline fragment does too', books, '{ ... { cachedBook { ... on Book { cachedTitle } } } }', '30 PUBLIC'],
  [
    'a fragment counts for each place it is in',
    typed,
    '{ longer { ...f } droid { ...f } } fragment f on Droid { name }',
    '60 PUBLIC',
  ],
  ['what is skipped does not count', books, '{ cachedBook { title cachedTitle @skip(if: true) } }', '60 PUBLIC'],
  [
    'what is not included does not count',
    books,
    '{ cachedBook { title } ... @include(if: false) { book { title } } }',
    '60 PUBLIC',
  ],
  // Interfaces and unions
  [
    'an interface has its own policy',
    'type Query { n: N } interface N @cacheControl(maxAge: 60) { a: String } type T implements N { a: String }',
    '{ n { a } }',
    '60 PUBLIC',
  ],
  ['a type does not have the policy of its interface', abstract, '{ alien { name } }', 'none'],
  [
    'the field of an interface has no say over that of its types',
    abstract,
    '{ droid { ... on Named { name } } }',
    '30 PUBLIC',
  ],
  ['a union has its own policy', abstract, '{ creature { ... on Tree { name } } }', '45 PUBLIC'],
  ['the field with a union may have a policy', abstract, '{ thing { ... on Tree { name } } }', '80 PUBLIC'],
  ['the fields of what came out of a union count', abstract, '{ creature { ... on Rock { weight } } }', '15 PUBLIC'],
];

/** What we add on purpose, and what Apollo Server says there. */
const additions: [...Fact, apollo: string][] = [
  [
    'an interface is as strict as its strictest type',
    abstract,
    '{ named { ... on Alien { name } } }',
    '30 PUBLIC',
    '60 PUBLIC',
  ],
  [
    'what may come out of a union counts, whatever came out',
    abstract,
    '{ thing { ... on Rock { weight } } }',
    '15 PUBLIC',
    '80 PUBLIC',
  ],
  [
    'what a variable may skip counts',
    books,
    'query ($no: Boolean = true) { cachedBook { title cachedTitle @skip(if: $no) } }',
    '30 PUBLIC',
    '60 PUBLIC',
  ],
  ['introspection is not kept', books, '{ cachedBook { title } __schema { queryType { name } } }', 'none', '60 PUBLIC'],
  [
    'TENANT is less than everybody',
    'type Query { a: A } type A @cacheControl(maxAge: 4, scope: TENANT) { b: String }',
    '{ a { b } }',
    '4 TENANT',
    '4 PUBLIC',
  ],
];

describe('the plan of an operation is what Apollo Server says of it', () => {
  it.each(facts)('%s', async (_sentence, types, operation, policy) => {
    expect(await apolloPolicy(schemaOf(types), operation), 'Apollo Server').toBe(policy);
    expect(ours(types, operation)).toBe(policy);
  });

  it('is shown by no less than forty facts', () => {
    expect(facts.length).toBeGreaterThanOrEqual(40);
  });
});

describe('the plan of an operation is stricter than Apollo Server on purpose', () => {
  it.each(additions)('%s', async (_sentence, types, operation, policy, apollo) => {
    expect(await apolloPolicy(schemaOf(types), operation), 'Apollo Server').toBe(apollo);
    expect(ours(types, operation)).toBe(policy);
  });
});

function ours(types: string, operation: string): string {
  const schema = schemaOf(types);
  const document = parse(operation);
  expect(validate(schema, document)).toEqual([]);
  const plan = planOf(schema, document, getOperationAST(document)!);
  if (plan.maxAgeS === 0) return 'none';
  const isTenants = plan.policies.some(({ policy }) => policy.scope === 'TENANT');
  return `${plan.maxAgeS} ${plan.isPrivate ? 'PRIVATE' : isTenants ? 'TENANT' : 'PUBLIC'}`;
}
