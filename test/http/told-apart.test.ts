import { afterAll, beforeAll, expect, it } from 'vitest';
import { builder } from '../../src/graphql/builder.ts';
import { createDice } from '../support/dice.ts';
import { createWorld, type AskOptions, type World } from '../support/world.ts';

/** Printed when something fails: `TOLD_APART_SEED=7 npx vitest run test/http/told-apart.test.ts` asks in that order again. */
const seed = Number(process.env['TOLD_APART_SEED'] ?? Math.floor(Math.random() * 1e9));

const Echoed = builder.inputType('Echoed', {
  description: 'Anything.',
  fields: (t) => ({
    text: t.string({ description: 'Text.' }),
    list: t.stringList({ description: 'Texts.' }),
    preset: t.string({ description: 'Text that is there anyway.', defaultValue: 'preset' }),
    any: t.field({ type: 'JSON', description: 'Whatever.' }),
  }),
});

// A field that no module has: it answers what it was asked, as the resolver sees it.
builder.queryField('echo', (t) =>
  t.string({
    description: 'What it was asked.',
    cacheControl: { maxAge: 300 },
    args: {
      text: t.arg.string({ description: 'Text.' }),
      preset: t.arg.string({ description: 'Text that is there anyway.', defaultValue: 'preset' }),
      id: t.arg.id({ description: 'An id.' }),
      int: t.arg.int({ description: 'A whole number.' }),
      float: t.arg.float({ description: 'A number.' }),
      yes: t.arg.boolean({ description: 'Yes or no.' }),
      list: t.arg.stringList({ description: 'Texts.' }),
      at: t.arg({ type: 'DateTime', description: 'An instant.' }),
      any: t.arg({ type: 'JSON', description: 'Whatever.' }),
      input: t.arg({ type: Echoed, description: 'All of it.' }),
    },
    resolve: (_root, args) => told(args),
  }),
);

/** As a resolver sees it: absent and null, 0 and -0 are two things; the order of members is none. */
function told(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (Object.is(inner, -0)) return 'minus zero';
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1));
  });
}

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

type Case = [query: string, variables?: Record<string, unknown>, more?: Omit<AskOptions, 'variables'>];
const own = (json: string) => JSON.parse(json) as Record<string, unknown>;
const of = (type: string, name: string) => `query ($a: ${type}) { echo(${name}: $a) }`;
const variables = (query: string, ...values: unknown[]): Case[] => values.map((a) => [query, { a }]);

const texts = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  'é',
  'e\u0301',
  '\ud800',
  '\ud801',
  '\ufffd',
  '😀',
  'null',
  '0',
  '[]',
  '\\',
  '"',
  '|',
];
const cases: Case[] = [
  ...variables(of('String', 'text'), ...texts, null, undefined),
  [of('String', 'text')],
  [of('String', 'text'), { b: 'a variable that is not declared' }],
  ...variables(of('String = "x"', 'text'), null, undefined, 'x', 'y'),
  ...variables(of('String', 'preset'), null, undefined, 'preset', 'other'),
  ...variables(of('ID', 'id'), '1', 1, '01', '1.0', '', null),
  ...variables(of('Int', 'int'), 0, 1, -1, 2_147_483_647, null),
  ...variables(of('Float', 'float'), 0, 1, 0.1, 1e21, 1e-7, 2 ** 53, null),
  [of('Float', 'float'), own('{"a":-0.0}')],
  ...variables(of('Boolean', 'yes'), true, false, null),
  ...variables(of('[String]', 'list'), [], [null], [''], 'a', ['a'], ['a', 'b'], ['a,b'], ['b', 'a'], [['a']], null),
  ...variables(of('DateTime', 'at'), '2026-11-20T09:00:00Z', '2026-11-20T09:00:00.001Z', '2026-11-20T10:00:00+01:00'),
  ...variables(
    of('JSON', 'any'),
    {},
    [],
    '',
    0,
    '0',
    null,
    'null',
    false,
    { a: null },
    { a: [] },
    { a: {} },
    { a: 'b' },
  ),
  ...variables(of('JSON', 'any'), { b: 'a' }, { 'a":"b': 'c' }, { a: 'b', c: 'd' }, { c: 'd', a: 'b' }, [[1], [2, 3]]),
  ...variables(of('JSON', 'any'), [[1, 2], [3]], { constructor: 1 }, { toString: null }, { a: { constructor: 1 } }),
  [of('JSON', 'any'), own('{"a":-0.0}')],
  [of('JSON', 'any'), own('{"a":{"__proto__":{"b":1}}}')],
  [of('JSON', 'any'), own('{"a":{"__proto__":{"b":2}}}')],
  ...variables(of('Echoed', 'input'), {}, { text: null }, { text: '' }, { preset: null }, { preset: 'preset' }),
  ...variables(of('Echoed', 'input'), { list: 'a' }, { list: ['a'] }, { list: [] }, { text: 'a', list: ['a'] }, null),
  ['query ($a: String, $b: String) { echo(text: $a, preset: $b) }', { a: 'x', b: 'y' }],
  ['query ($a: String, $b: String) { echo(text: $a, preset: $b) }', { a: 'y', b: 'x' }],
  ['query ($b: String, $a: String) { echo(text: $a, preset: $b) }', { a: 'x', b: 'y' }],
  ['query ($a: String) { echo(input: { text: $a }) }', {}],
  ['query ($a: String) { echo(input: { text: $a }) }', { a: null }],
  ['query ($a: String) { echo(any: { a: $a }) }', { a: 'x' }],
  ['query ($a: String) { echo(any: [$a]) }', { a: 'x' }],
  ['query ($a: Boolean!) { echo @skip(if: $a) sites { code } }', { a: true }],
  ['query ($a: Boolean!) { echo @skip(if: $a) sites { code } }', { a: false }],
  ['query ($a: Boolean!) { echo @include(if: $a) sites { code } }', { a: true }],
  ['query ($a: Boolean!) { echo @include(if: $a) sites { code } }', { a: false }],
  ['{ echo(int: 1) }'],
  ['{ echo(int: 10) }'],
  ['{ echo(text: "1") }'],
  ['{ echo(id: "1") }'],
  ['{ echo(id: 1) }'],
  ['{ echo(text: null) }'],
  ['{ echo(text: "a b") }'],
  ['{ echo(text: "a  b") }'],
  ['{ echo(text: """\n  a\n    b\n""") }'],
  ['{ echo(text: """\n  a\n  b\n""") }'],
  ['{ echo(text: "a # b") }'],
  ['{ echo(text: "a") # b\n }'],
  ['{ echo }'],
  ['{ a: echo }'],
  ['{ echo: __typename }'],
  ['{ echo a: echo(text: "a") }'],
  ['{ a: echo(text: "a") echo }'],
  ['{ __proto__: echo constructor: sites { toString: code __proto__: name } }'],
  ['{ constructor: echo __proto__: sites { toString: name __proto__: code } }'],
  ['{ ...a ...b } fragment a on Query { echo } fragment b on Query { x: echo(text: "x") }'],
  ['{ ...b ...a } fragment a on Query { x: echo(text: "x") } fragment b on Query { echo }'],
  ['{ ... on Query { echo } }'],
  ['{ sites { code } }'],
  ['{ sites { name } }'],
  ['{ sites { code name } }'],
  ['{ sites { name: code code: name } }'],
  ['query A { echo(text: "A") } query B { echo(text: "B") }', {}, { operationName: 'A' }],
  ['query A { echo(text: "A") } query B { echo(text: "B") }', {}, { operationName: 'B' }],
  ['query B { echo(text: "A") } query A { echo(text: "B") }', {}, { operationName: 'A' }],
  [
    'query A($a: String = "1") { echo(text: $a) } query B($a: String = "2") { echo(text: $a) }',
    {},
    { operationName: 'A' },
  ],
  [
    'query A($a: String = "1") { echo(text: $a) } query B($a: String = "2") { echo(text: $a) }',
    {},
    { operationName: 'B' },
  ],
];

it('requests that are nearly the same are each answered what they asked, whichever came first', async () => {
  const people = [world.acme.people.admin, world.globex.people.member];
  const dice = createDice(seed);
  const ask = async ([query, values, more]: Case, token: string, headers: Record<string, string> = {}) => {
    const { data, errors = [], extensions } = await world.ask(token, query, { variables: values, ...more, headers });
    const cache = extensions?.['cache'] as { status?: string } | undefined;
    return { answer: told([data, errors.map(({ message }) => message)]), status: cache?.status };
  };
  const expected = new Map<string, string>();
  const idOf = (index: number, token: string) => `${index} ${token}`;
  await Promise.all(
    people.map(async ({ token }) => {
      for (const [index, one] of cases.entries()) {
        expected.set(idOf(index, token), (await ask(one, token, { 'cache-control': 'no-store' })).answer);
      }
    }),
  );
  let hits = 0;
  for (let round = 0; round < 2; round += 1) {
    for (const [index, one] of dice.some([...cases.entries()], cases.length)) {
      const answers = await Promise.all(people.map(({ token }) => ask(one, token)));
      for (const [which, { answer, status }] of answers.entries()) {
        const wanted = expected.get(idOf(index, people[which]?.token ?? ''));
        expect(answer, `${told(one)} in round ${round}, seed ${seed}`).toBe(wanted);
        if (status === 'HIT') hits += 1;
      }
    }
  }
  expect(cases.length).toBeGreaterThan(130);
  expect(new Set(expected.values()).size).toBeGreaterThan(90);
  expect(hits).toBeGreaterThan(cases.length);
});
