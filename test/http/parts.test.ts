import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { newId } from '../../src/ids.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
let node: App;
let baseUrl: string;
let nowMs = testNow.getTime();

beforeAll(async () => {
  world = await createWorld();
  node = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => new Date(nowMs) });
  baseUrl = await node.listen(0);
  await world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values(['lamp', 'desk'].map((name) => ({ id: newId(), name, tag: name, site_id: world.acme.sites.here })))
      .execute(),
  );
});
afterEach(() => void (nowMs = testNow.getTime()));
afterAll(async () => {
  await node.close();
  await world.close();
});

const apollo = 'multipart/mixed;deferSpec=20220824,application/json';

const post = (query: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${baseUrl}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: apollo,
      authorization: `Bearer ${world.acme.people.admin.token}`,
      ...headers,
    },
    body: JSON.stringify({ query }),
    signal,
  });

/** Whole, as those get it who take no parts. */
async function whole(query: string) {
  const response = await post(query, { accept: 'application/json' });
  const answer: any = await response.json();
  return answer;
}

function payloadsOf(text: string) {
  return text
    .split(/\r\n---(?:--)?\r\n/)
    .slice(1, -1)
    .map((part) => JSON.parse(part.split('\r\n\r\n')[1] ?? ''));
}

async function locking<Result>(table: string, work: (unlock: () => Promise<void>) => Promise<Result>): Promise<Result> {
  const gate = await world.database.owner.connect();
  try {
    await gate.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
    return await work(async () => void (await gate.query('COMMIT')));
  } finally {
    gate.release(true);
  }
}

let named = 0;
const name = () => `Review${(named += 1)}`;

const dashboard = () => `query ${name()} { dashboard { people { active } ... @defer { assets { total } } } }`;

it('parts that have begun go on to their end, even where something older could be served by then', async () => {
  const query = dashboard();
  expect((await whole(query)).data.dashboard.assets.total).toBe(2);
  await world.database.owner.query(`UPDATE assets SET name = name || '!'`); // served where it cannot be made anew
  const text = await locking('assets', async (unlock) => {
    const response = await post(query);
    setTimeout(() => void unlock(), 3_000);
    return response.text();
  });
  const payloads = payloadsOf(text);
  expect(payloads.at(-1)).toMatchObject({ hasNext: false });
  expect(JSON.stringify(payloads)).toContain('"total":2');
});

it('parts are those of one run, even where the answer is made twice', async () => {
  const query = dashboard();
  await whole(query);
  nowMs += 910_000; // served while it is made anew, but older than is asked for
  const response = await post(query, { 'cache-control': 'max-age=5' });
  const text = await response.text();
  const payloads = payloadsOf(text);
  expect(payloads.filter(({ data }) => data)).toHaveLength(1);
  expect(payloads.at(-1)).toMatchObject({ hasNext: false });
  expect(payloads.filter(({ hasNext }) => !hasNext)).toHaveLength(1);
});

it('nothing more is made for a client that goes away in the middle of its parts', async () => {
  const query = `query ${name()} { tenant { id } ... @defer { assets { edges { node { name site { name } } } } } }`;
  await locking('assets', async (unlock) => {
    const leaving = new AbortController();
    const response = await post(query, {}, leaving.signal);
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value!).toString()).toContain('"hasNext":true');
    leaving.abort();
    await new Promise((done) => setTimeout(done, 300));
    await unlock();
  });
  await new Promise((done) => setTimeout(done, 500));
  const kept = await post(query, { accept: 'application/json', 'cache-control': 'only-if-cached' });
  expect(kept.status).toBe(504);
});
