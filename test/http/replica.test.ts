import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
/** So far behind that it holds nothing yet. */
let replica: TestDatabase;
let node: App;
let baseUrl: string;

beforeAll(async () => {
  world = await createWorld();
  replica = await createTestDatabase();
  const { url } = world.database;
  node = createApp({ databaseUrl: url, replicaUrl: replica.url, tokens: testTokens, now: () => testNow });
  baseUrl = await node.listen(0);
});
afterAll(async () => {
  await node.close();
  await replica.drop();
  await world.close();
});

it.each([
  ['is kept', '{ sites { name } }'],
  ['has errors, and so is not kept', '{ sites { name } attendanceSummary(year: 2026, month: 13) { __typename } }'],
])('an answer that %s is never from a replica that is behind', async (_, query) => {
  const response = await fetch(`${baseUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${world.acme.people.admin.token}` },
    body: JSON.stringify({ query }),
  });
  expect(await response.json()).toMatchObject({ data: { sites: [{ name: 'Elsewhere' }, { name: 'Here' }] } });
});
