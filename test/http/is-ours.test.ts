import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { AppError, ValidationError } from '../../src/errors.ts';
import { builder } from '../../src/graphql/builder.ts';
import '../../src/modules/index.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

/** What the field does next. */
let resolve: () => unknown = () => 1;
builder.queryField('figure', (t) =>
  t.int({
    description: 'Whatever the test wants.',
    cacheControl: { maxAge: 60, staleIfError: 600 },
    resolve: () => resolve() as number,
  }),
);

let world: World;
let node: App;
let ask: AskHttp;
let nowMs = testNow.getTime();
beforeAll(async () => {
  world = await createWorld();
  node = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => new Date(nowMs) });
  ask = askHttp(await node.listen(0), world.acme.people.admin.token);
});
afterAll(async () => {
  await node.close();
  await world.close();
});

const fail = (error: Error) => () => {
  throw error;
};

it.each<[what: string, () => unknown, code: string, isOurs: boolean]>([
  ['a value that does not fit its type', () => 'no number', 'INTERNAL_SERVER_ERROR', true],
  ['a GraphQLError from a resolver', fail(new GraphQLError('Nobody foresaw it.')), 'INTERNAL_SERVER_ERROR', true],
  ['any other error', fail(new Error('Nobody foresaw it.')), 'INTERNAL_SERVER_ERROR', true],
  ['a mistake we have noticed', fail(new AppError('INTERNAL_SERVER_ERROR', 'Odd.')), 'INTERNAL_SERVER_ERROR', true],
  ['a database that is away', fail(new AppError('SERVICE_UNAVAILABLE', 'Later.')), 'SERVICE_UNAVAILABLE', true],
  ['a refusal', fail(new ValidationError([{ field: 'x', message: 'Send y.' }])), 'BAD_USER_INPUT', false],
  ['a GraphQLError that has a code', fail(new GraphQLError('No.', { extensions: { code: 'NO' } })), 'NO', false],
])('what is hidden as a fault of ours is what something older is served for: %s', async (what, does, code, isOurs) => {
  const query = `query ${what.replaceAll(/\W/g, '_')} { figure }`;
  resolve = does;
  const alone = await ask.post({ query });
  expect(alone.json.errors[0].extensions.code).toBe(code);
  resolve = () => 1;
  expect((await ask.post({ query })).json).toMatchObject({ data: { figure: 1 } });
  nowMs += 61_000;
  resolve = does;
  const { json } = await ask.post({ query });
  if (isOurs) expect(json).toMatchObject({ data: { figure: 1 }, extensions: { cache: { status: 'STALE' } } });
  else expect(json.errors[0].extensions.code).toBe(code);
});
