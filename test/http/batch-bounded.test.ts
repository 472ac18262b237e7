import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
let node: App;
let baseUrl: string;

beforeAll(async () => {
  world = await createWorld();
  const cache = { coherence: { mode: 'bounded', maxStalenessMs: 3_600_000 } } as const;
  node = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, cache });
  baseUrl = await node.listen(0);
});
afterAll(async () => {
  await node.close();
  await world.close();
});

const post = async (body: unknown): Promise<any> => {
  const response = await fetch(`${baseUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${world.acme.people.admin.token}` },
    body: JSON.stringify(body),
  });
  return response.json();
};

it('in a batch what was changed before is seen, however far behind a node may be', async () => {
  const read = { query: '{ attendance(filter: { from: "2026-11-20", to: "2026-11-20" }) { totalCount } }' };
  for (const status of ['MISS', 'HIT']) expect((await post(read)).extensions.cache.status).toBe(status);
  const write = { query: 'mutation { clockIn(input: {}) { __typename } }' };
  const answers = await post([read, write, read]);
  expect(answers[1].errors).toBeUndefined();
  expect(answers.map(({ data }: any) => data.attendance?.totalCount)).toEqual([0, undefined, 1]);
});
