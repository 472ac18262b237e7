import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const health = (path: string, method = 'GET', baseUrl = world.baseUrl) =>
  fetch(`${baseUrl}/health/${path}`, { method });

it.each(['live', 'ready'])('/health/%s answers GET and HEAD, without a token', async (path) => {
  const get = await health(path);
  expect([get.status, await get.json()]).toEqual([200, { status: 'ok' }]);
  expect(get.headers.get('cache-control')).toBe('no-store');
  const head = await health(path, 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
  const post = await health(path, 'POST');
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

describe('/health/ready', () => {
  it('says which migration is missing', async () => {
    const { owner } = world.database;
    const { rows } = await owner.query('DELETE FROM kysely_migration WHERE name LIKE $1 RETURNING *', ['0001%']);
    try {
      const response = await health('ready');
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ status: 'unavailable', reason: expect.stringContaining('0001') });
      expect((await health('live')).status).toBe(200);
    } finally {
      await owner.query('INSERT INTO kysely_migration (name, timestamp) VALUES ($1, $2)', [
        rows[0].name,
        rows[0].timestamp,
      ]);
    }
    expect((await health('ready')).status).toBe(200);
  });

  it('is 503 on a database that was never migrated', async () => {
    const url = new URL(world.database.url);
    url.pathname = '/template1';
    const app = createApp({ databaseUrl: url.href, tokens: testTokens });
    try {
      const response = await health('ready', 'GET', await app.listen(0));
      expect([response.status, await response.json()]).toEqual([
        503,
        { status: 'unavailable', reason: 'The database has not been migrated.' },
      ]);
    } finally {
      await app.close();
    }
  });

  it('is 503 within a second or so while the database does not answer', async () => {
    const locking = new pg.Client({ connectionString: world.database.url });
    await locking.connect();
    await locking.query('BEGIN; LOCK TABLE kysely_migration IN ACCESS EXCLUSIVE MODE');
    try {
      const startedAt = performance.now();
      const probes = await Promise.all(Array.from({ length: 30 }, () => health('ready')));
      expect(performance.now() - startedAt).toBeLessThan(2_500);
      expect(new Set(probes.map(({ status }) => status))).toEqual(new Set([503]));
      // Thirty probes asked the database one question: requests still find a connection.
      expect((await world.ask(world.acme.people.admin.token, '{ assets { totalCount } }')).status).toBe(200);
    } finally {
      await locking.end();
    }
    await expect.poll(async () => (await health('ready')).status, { timeout: 5_000 }).toBe(200);
  });
});
