import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { askGraphql, reportOf } from '../support/ask-graphql.ts';
import type { HowToAsk } from '../support/ask-http.ts';
import { openLine, type Line } from '../support/database-line.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
/** Between the second node and its database. */
let line: Line;
let node: App;
let baseUrl: string;
/** What the clock of the second node says. */
let nowMs = testNow.getTime();

beforeAll(async () => {
  world = await createWorld();
  line = await openLine(new URL(world.database.url));
  node = createApp({ databaseUrl: line.url, tokens: testTokens, now: () => new Date(nowMs) });
  baseUrl = await node.listen(0);
});
afterEach(async () => {
  line.mend();
  nowMs = testNow.getTime();
  await expect.poll(async () => (await ask('{ sites { name } }')).status, { timeout: 10_000 }).toBe(200);
});
afterAll(async () => {
  line.mend();
  await node.close();
  await line.close();
  await world.close();
});

const adminToken = () => world.acme.people.admin.token;
let asked = 0;
/** Named anew each time, so that nothing kept from an earlier test answers it. */
const dashboard = () => `query Desk${(asked += 1)} { dashboard { assets { total } people { active } } }`;

async function ask(query: string, { token = adminToken(), headers = {} }: HowToAsk = {}) {
  const answer = await askGraphql(baseUrl)(token, query, { headers });
  return { ...answer, report: reportOf(answer) };
}

async function warm(query: string, token = adminToken()) {
  await expect.poll(async () => (await ask(query, { token })).report.status).toBe('HIT');
  return (await ask(query, { token })).data;
}

const addAsset = () =>
  world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values({ id: newId(), name: 'lamp', tag: newId(), site_id: world.acme.sites.here })
      .execute(),
  );

describe.each(['refuses', 'resets', 'is silent'] as const)('while the database %s', (fault) => {
  it('an answer whose policy allows it is the last known one, marked; everything else fails', async () => {
    const [query, other, sites] = [dashboard(), dashboard(), '{ sites { name } }'];
    const [data] = [await warm(query), await warm(sites)];
    line.break(fault);
    const [kept, unknown, notAllowed, change] = await Promise.all([
      ask(query),
      ask(other),
      ask(sites),
      ask('mutation { clockIn(input: {}) { __typename } }'),
    ]);
    expect(kept).toMatchObject({ status: 200, data, report: { status: 'STALE', level: 'L1' } });
    expect(kept.report.reason).toMatch(
      /^unreachable, and (it could not be made anew|making it anew takes long); ttl by Query.dashboard/,
    );
    for (const failed of [unknown, notAllowed, change]) {
      expect(failed.status).toBe(503);
      expect(failed.errors?.[0]?.extensions?.code).toBe('SERVICE_UNAVAILABLE');
    }
  });
});

it('a database that says nothing at all is not waited for where something older may be served', async () => {
  const query = dashboard();
  const data = await warm(query);
  line.break('is silent');
  const askedAtMs = performance.now();
  const answers = await Promise.all([ask(query), ask(query)]);
  expect(performance.now() - askedAtMs).toBeLessThan(3_000);
  for (const answer of answers) expect(answer).toMatchObject({ data, report: { status: 'STALE', ttlMs: 0 } });
});

describe('while the database is so slow that a person counts as who they were', () => {
  const operations = {
    'a question': '{ people(first: 1) { totalCount } }',
    'a change': 'mutation { upsertChoice(input: { kind: JOB_TYPE, key: "late", label: "Late" }) { __typename } }',
  };
  /** Asks while the log can neither be read nor written, until it is late; `before` has been done to the database. */
  async function askSlowly(query: string, before: string) {
    await warm('{ sites { name } }');
    const blocker = await world.database.owner.connect();
    try {
      await blocker.query(before); // nobody has told the node
      await blocker.query('BEGIN; LOCK TABLE change_log IN ACCESS EXCLUSIVE MODE');
      const isLate = new Promise<void>((done) => {
        node.events.subscribe((event) => void (event.type === 'stale-served' && event.layer === 'viewer' && done()));
      });
      const answer = ask(query);
      await Promise.race([isLate, answer]);
      await blocker.query('COMMIT');
      return await answer;
    } finally {
      await blocker.query('ROLLBACK');
      blocker.release();
    }
  }

  it.each(Object.entries(operations))('%s is carried out once it is sure who they are', async (_what, query) => {
    const answer = await askSlowly(query, 'SELECT 1');
    expect(answer.errors).toBeUndefined();
    expect(answer.status).toBe(200);
  });

  it.each(Object.entries(operations))('%s is asked by whom they turn out to be by now', async (_what, query) => {
    const { owner } = world.database;
    const { admin } = world.acme.people;
    const roles = `SELECT * FROM person_roles WHERE person_id = '${admin.id}'`;
    await owner.query(`CREATE TABLE kept_roles AS ${roles}; DELETE FROM choices WHERE key = 'late'`);
    try {
      const revoked = await askSlowly(query, `DELETE FROM person_roles WHERE person_id = '${admin.id}'`);
      expect(JSON.stringify([revoked.data, revoked.errors])).toMatch(/FORBIDDEN|ForbiddenError/);
      expect((await owner.query(`SELECT FROM choices WHERE key = 'late'`)).rowCount).toBe(0);
    } finally {
      await owner.query('INSERT INTO person_roles SELECT * FROM kept_roles; DROP TABLE kept_roles');
    }
  });
});

it('an outage ends with fresh answers: what changed meanwhile is seen at once', async () => {
  const query = dashboard();
  const { dashboard: before } = await warm(query);
  line.break('refuses');
  await addAsset();
  expect((await ask(query)).data.dashboard).toEqual(before);
  line.mend();
  await expect.poll(async () => (await ask(query)).report.status, { timeout: 10_000 }).not.toBe('STALE');
  expect((await ask(query)).data.dashboard.assets.total).toBe(before.assets.total + 1);
});

it('nothing older is served to a client that sends the token of its last mutation', async () => {
  const query = dashboard();
  await warm(query);
  line.break('refuses');
  expect((await ask(query, { headers: { 'x-cache-token': '0' } })).status).toBe(503);
});

it('nothing is served to those whom nobody has asked the database about, or whose permissions were seen to change', async () => {
  const query = dashboard();
  const { manager, agent, admin } = world.acme.people;
  await warm(query, admin.token);
  await warm(query, manager.token);
  await world.database.owner.query(`DELETE FROM person_roles WHERE tenant_id = $1 AND person_id = $2`, [
    world.acme.id,
    manager.id,
  ]);
  await ask('{ sites { name } }'); // the node hears of it, on behalf of somebody else
  line.break('refuses');
  expect((await ask(query, { token: admin.token })).report.status).toBe('STALE');
  expect((await ask(query, { token: manager.token })).status).toBe(503);
  expect((await ask(query, { token: agent.token })).status).toBe(503);
  expect((await ask(query, { token: world.globex.people.admin.token })).status).toBe(503);
});

it('an expired answer is served, marked, while it is made anew, as long as the policy says and not longer', async () => {
  const query = dashboard();
  const { dashboard: before } = await warm(query);
  const day = `query Day${(asked += 1)} { dashboard(date: "2026-11-01") { shifts { total } } }`;
  await warm(day);
  nowMs += 900_000 + 1_000;
  const stale = await ask(day);
  expect(stale.report).toMatchObject({ status: 'STALE', ttlMs: 0 });
  expect(stale.report.reason).toMatch(/^expired, and it is being made anew/);
  expect(stale.headers.get('cache-status')).toMatch(/^freshfield; hit; ttl=-?\d/);
  await expect.poll(async () => (await ask(day)).report.status).toBe('HIT');
  await addAsset();
  const changed = await ask(query); // a change is never waited for in the background
  expect(changed.report.status).toBe('MISS');
  expect(changed.data.dashboard.assets.total).toBe(before.assets.total + 1);
  nowMs += 900_000 + 61_000;
  expect((await ask(day)).report.status).toBe('MISS');
});

it('what is not there is kept as well, and appears at once when it is created', async () => {
  const id = newId();
  const query = `{ node(id: "${encodeGlobalId('Asset', id)}") { ... on Asset { name } } }`;
  expect(await warm(query)).toEqual({ node: null });
  await world.acme.session.write((trx) =>
    trx.insertInto('assets').values({ id, name: 'kettle', tag: id, site_id: world.acme.sites.here }).execute(),
  );
  const { data, report } = await ask(query);
  expect([data, report.status]).toEqual([{ node: { name: 'kettle' } }, 'MISS']);
});
