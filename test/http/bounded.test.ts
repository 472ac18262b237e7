import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { askHttp } from '../support/ask-http.ts';
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

it('a mutation that is sent again answers a token by which its change is seen, though it changes nothing more', async () => {
  const elsewhere = askHttp(world.baseUrl, world.acme.people.admin.token); // another node
  const here = askHttp(baseUrl, world.acme.people.admin.token);
  const read = { query: '{ teams { name } choices(kind: ASSET_TYPE) { key } }' };
  for (const status of ['MISS', 'HIT']) expect((await here.post(read)).json.extensions.cache.status).toBe(status);
  const write = {
    query: 'mutation { upsertChoice(input: { kind: ASSET_TYPE, key: "drone", label: "Drone" }) { __typename } }',
  };
  const headers = { 'idempotency-key': 'lost' };
  const [first, again] = [await elsewhere.post(write, { headers }), await elsewhere.post(write, { headers })];
  expect(first.json.extensions.cache.changed).toEqual([{ type: 'choice', count: 1 }]);
  expect(again.json.data).toEqual(first.json.data);
  expect(again.json.extensions.cache.changed).toEqual([]);
  expect(Number(again.headers['x-cache-token'])).toBeGreaterThanOrEqual(Number(first.headers['x-cache-token']));
  expect(again.json.extensions.cache.token).toBe(again.headers['x-cache-token']);
  const seen = await here.post(read, { headers: { 'x-cache-token': String(again.headers['x-cache-token']) } });
  expect(seen.json.data.choices).toContainEqual({ key: 'drone' });
});
