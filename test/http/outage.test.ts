import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createApp, type App, type AppOptions } from '../../src/app/create-app.ts';
import { startEmbeddedDatabase } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId, type PersonId, type TenantId } from '../../src/ids.ts';
import { openLine, type Line } from '../support/database-line.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
let line: Line;
let app: App;
let baseUrl: string;

beforeAll(async () => {
  world = await createWorld();
  line = await openLine(new URL(world.database.url));
  [app, baseUrl] = await serve({});
});
beforeEach(() => line.mend());
afterAll(async () => {
  line.mend();
  await app.close();
  await line.close();
  await world.close();
});

async function serve(options: Partial<AppOptions>): Promise<[App, string]> {
  const served = createApp({ databaseUrl: line.url, tokens: testTokens, now: () => new Date(), ...options });
  return [served, await served.listen(0)];
}

let count = 0;
/** Named anew each time, so that nothing kept from an earlier one answers it. */
const query = () => `query Asked${(count += 1)} { assets { totalCount edges { node { site { name } } } } }`;
const tokenOf = () => world.acme.people.admin.token;

async function ask(text = query(), { to = baseUrl, token = tokenOf(), signal }: Asked = {}) {
  const startedAt = performance.now();
  const response = await fetch(`${to}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: text }),
    signal,
  });
  const body = await response.json();
  return {
    status: response.status,
    code: body.errors?.[0].extensions.code,
    body,
    tookMs: performance.now() - startedAt,
  };
}
type Asked = { to?: string; token?: string | null; signal?: AbortSignal };

const health = async (path: string, to = baseUrl) => (await fetch(`${to}/health/${path}`)).status;
const held = (pool = app.pool) => pool.totalCount - pool.idleCount;
const allReturned = (pool?: pg.Pool) => expect.poll(() => held(pool), { timeout: 10_000 }).toBe(0);
/** Holds up every request that reads assets, until the answer is called or the test ends. */
async function blockAssets(): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: world.database.url });
  await client.connect();
  await client.query('BEGIN; LOCK TABLE assets IN ACCESS EXCLUSIVE MODE');
  let ended: Promise<void> | null = null;
  const release = () => (ended ??= client.end());
  onTestFinished(release);
  return release;
}
const waiting = async () => {
  const { rows } = await world.database.owner.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.map(({ pid }) => pid as number);
};

describe('Postgres killed and started again', () => {
  it('answers 503 meanwhile, stays alive, and serves again without a restart', { timeout: 60_000 }, async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'freshfield-outage-'));
    const database = await startEmbeddedDatabase({ dataDir, durable: false });
    const owner = createPool({ connectionString: database.connectionString, role: null, max: 1, onError: () => {} });
    await migrate(owner);
    const { rows } = await owner.query(`SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid`);
    const [served, to] = await serve({ databaseUrl: database.connectionString });
    try {
      // No person is needed: to know that there is none takes the database.
      expect((await ask(query(), { to })).status).toBe(401);
      expect(await health('ready', to)).toBe(200);
      process.kill(rows[0].pid, 'SIGKILL');
      await expect.poll(() => health('ready', to), { timeout: 5_000, interval: 20 }).toBe(503);
      const during = await Promise.all(Array.from({ length: 20 }, () => ask(query(), { to })));
      for (const { status, code, tookMs } of during) {
        if (status === 401) continue; // it is back already
        expect({ status, code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
        expect(tookMs).toBeLessThan(5_000);
      }
      expect(await health('live', to)).toBe(200);
      expect((await ask('{ __typename }', { to, token: null })).status).toBe(200);
      await expect.poll(() => health('ready', to), { timeout: 30_000, interval: 200 }).toBe(200);
      expect((await ask(query(), { to })).status).toBe(401);
      await allReturned(served.pool);
    } finally {
      await served.close();
      await owner.end();
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
      await rm(database.dataDir, { recursive: true, force: true });
    }
  });
});

describe.each(['refuses', 'resets', 'is silent'] as const)('while the database %s', (fault) => {
  it('requests get 503 within seconds, readiness too, and all is well afterwards', { timeout: 30_000 }, async () => {
    expect((await ask()).status).toBe(200);
    line.break(fault);
    const during = await Promise.all(Array.from({ length: 20 }, () => ask()));
    for (const { status, code, tookMs, body } of during) {
      expect({ status, code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
      expect(body).not.toHaveProperty('data');
      expect(tookMs).toBeLessThan(8_000);
    }
    expect([await health('ready'), await health('live')]).toEqual([503, 200]);
    expect((await ask('{ __typename }', { token: null })).status).toBe(200);
    line.mend();
    await expect.poll(() => health('ready'), { timeout: 10_000 }).toBe(200);
    await expect.poll(async () => (await ask()).status, { timeout: 10_000 }).toBe(200);
    await allReturned();
  });
});

it('a connection killed in the middle of a request fails that request alone', async () => {
  const release = await blockAssets();
  const answered = ask();
  await expect.poll(waiting, { timeout: 5_000 }).toHaveLength(1);
  await world.database.owner.query('SELECT pg_terminate_backend($1)', await waiting());
  const { status, code, body } = await answered;
  await release();
  expect({ status, code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
  expect(body).not.toHaveProperty('data');
  expect((await ask()).status).toBe(200);
  await allReturned();
});

it('fifty clients that go away in the middle leave no connection behind', { timeout: 30_000 }, async () => {
  const release = await blockAssets();
  const going = Array.from({ length: 50 }, () => {
    const controller = new AbortController();
    return { controller, asked: ask(query(), { signal: controller.signal }).catch((error: Error) => error.name) };
  });
  await expect.poll(async () => (await waiting()).length, { timeout: 5_000 }).toBeGreaterThan(0);
  for (const { controller } of going) controller.abort();
  expect(new Set(await Promise.all(going.map(({ asked }) => asked)))).toEqual(new Set(['AbortError']));
  await release();
  await allReturned();
  expect(app.pool.waitingCount).toBe(0);
  expect((await ask()).status).toBe(200);
});

it('a client that goes away while it sends its body leaves no connection behind', async () => {
  const { hostname, port } = new URL(baseUrl);
  for (let turn = 0; turn < 5; turn += 1) {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${tokenOf()}`,
      'content-length': 1_000,
    };
    const sent = request({ hostname, port, path: '/graphql', method: 'POST', headers });
    sent.on('error', () => {});
    sent.write('{"query":');
    await new Promise((flushed) => sent.write(' ', flushed));
    sent.destroy();
    await allReturned();
  }
  expect((await ask()).status).toBe(200);
});

it('a pool that is used up answers 503 once the wait for a connection is over', async () => {
  const [small, to] = await serve({ pool: { max: 1, connectTimeoutMs: 300 } });
  const release = await blockAssets();
  try {
    const first = ask(query(), { to });
    await expect.poll(waiting, { timeout: 5_000 }).toHaveLength(1);
    const { status, code, tookMs } = await ask(query(), { to });
    expect({ status, code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
    expect(tookMs).toBeLessThan(2_000);
    await release();
    expect((await first).status).toBe(200);
    expect((await ask(query(), { to })).status).toBe(200);
    await allReturned(small.pool);
  } finally {
    await small.close();
  }
});

it('a request that takes too long is answered 503 and its connection comes back', async () => {
  const [hasty, to] = await serve({ limits: { durationMs: 500 }, pool: { statementTimeoutMs: 1_500 } });
  const release = await blockAssets();
  try {
    const { status, code, tookMs } = await ask(query(), { to });
    expect({ status, code }).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
    expect(tookMs).toBeLessThan(1_400);
    await allReturned(hasty.pool);
  } finally {
    await release();
    await hasty.close();
  }
});

describe('the connection comes back after', () => {
  const outcomes: Record<string, [status: number, text: string]> = {
    'an answer': [200, query()],
    'an answer without a statement': [200, '{ __typename }'],
    'a parse error': [200, '{'],
    'a validation error': [200, '{ nothing }'],
    'a limit': [200, `{ ${Array.from({ length: 200 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    'an execution error': [200, '{ assets(first: 101) { totalCount } }'],
    'a missing operation': [400, 'query A { __typename } query B { __typename }'],
    'a person nobody knows': [401, query()],
  };
  for (const [what, [status, text]] of Object.entries(outcomes)) {
    it(what, async () => {
      const token = what === 'a person nobody knows' ? await strangersToken() : tokenOf();
      for (let turn = 0; turn < 15; turn += 1) expect((await ask(text, { token })).status).toBe(status);
      await allReturned();
    });
  }

  it('a masked error', async () => {
    await world.database.owner.query('ALTER TABLE assets RENAME TO assets_gone');
    try {
      for (let turn = 0; turn < 15; turn += 1) expect((await ask()).code).toBe('INTERNAL_SERVER_ERROR');
      await allReturned();
    } finally {
      await world.database.owner.query('ALTER TABLE assets_gone RENAME TO assets');
    }
  });

  it('a session that is read from once it is over', async () => {
    const session = createTenantSession({ pool: app.pool, tenantId: newId() as TenantId });
    await session.read.selectFrom('assets').selectAll().execute();
    await session.close();
    await expect(session.read.selectFrom('assets').selectAll().execute()).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    await expect(session.write(async () => 1)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await allReturned();
  });
});

async function strangersToken(): Promise<string> {
  return signToken({ tenantId: world.acme.id, personId: newId() as PersonId }, testTokens, '1m');
}
