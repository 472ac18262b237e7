import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { forgetOld, startForgetting } from '../../src/jobs/forget-old.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
beforeEach(async () => {
  await world.database.owner.query('DELETE FROM idempotency_keys');
  await forgetOld(world.app.pool);
});
afterAll(() => world.close());

const count = async (what: string): Promise<number> =>
  (await world.database.owner.query(`SELECT count(*) AS count FROM ${what}`)).rows[0]?.count;

/** Each is a change of its own, too. */
async function addKey(key: string, age: string, tenant = world.acme): Promise<void> {
  await world.database.owner.query(
    `INSERT INTO idempotency_keys (tenant_id, person_id, key, path, request_hash, created_at)
     VALUES ($1, $2, $3, 'p', 'h', now() - $4::interval)`,
    [tenant.id, tenant.people.admin.id, key, age],
  );
}

/** A change, as if it were that old. */
async function change(age: string, { id, teamId } = world.acme): Promise<void> {
  const { owner } = world.database;
  await owner.query(`UPDATE teams SET description = now()::text WHERE id = $1`, [teamId]);
  await owner.query(
    `UPDATE change_log SET sealed_at = now() - $2::interval
      WHERE tenant_id = $1 AND seq = (SELECT max(seq) FROM change_log WHERE tenant_id = $1)`,
    [id, age],
  );
}

describe('what is old', () => {
  it('of idempotency keys is a week, whichever tenant they are of; younger ones answer retries still', async () => {
    await addKey('old', '7 days 1 minute');
    await addKey('old', '8 days', world.globex);
    await addKey('young', '6 days 23 hours');
    expect(await forgetOld(world.app.pool)).toMatchObject({ keys: 2 });
    const { rows } = await world.database.owner.query('SELECT key FROM idempotency_keys');
    expect(rows).toEqual([{ key: 'young' }]);
  });

  it('of changes is a day, and the newest of each tenant stays', async () => {
    for (const age of ['3 days', '2 days', '23 hours', '1 minute']) await change(age);
    for (const age of ['9 days', '8 days']) await change(age, world.globex);
    const before = await count('change_log');
    expect((await forgetOld(world.app.pool)).changes).toBeGreaterThanOrEqual(3);
    expect(await count(`change_log WHERE sealed_at < now() - interval '1 day'`)).toBe(1);
    expect(await count('change_log')).toBeLessThanOrEqual(before - 3);
  });

  it('is forgotten in steps, the oldest first, until nothing is left', async () => {
    for (let index = 0; index < 7; index += 1) await addKey(`old ${index}`, `${10 + index} days`);
    const { rows } = await world.app.pool.query('SELECT * FROM forget_old(3)');
    expect(rows[0]?.keys).toBe(3);
    expect(await count(`idempotency_keys WHERE key IN ('old 4', 'old 5', 'old 6')`)).toBe(0);
    expect(await forgetOld(world.app.pool)).toMatchObject({ keys: 4 });
    expect(await forgetOld(world.app.pool)).toEqual({ changes: 0, keys: 0 });
  });

  it('is nothing of who purged and warmed, or changed what: that is kept', async () => {
    await world.ask(world.acme.people.admin.token, 'mutation { purgeCache(input: { tag: "x" }) { __typename } }');
    await world.database.owner.query(`UPDATE cache_audits SET at = now() - interval '9 years'`);
    await world.database.owner.query(`UPDATE audit_log SET occurred_at = now() - interval '9 years'`);
    await forgetOld(world.app.pool);
    expect(await count('cache_audits')).toBe(1);
    expect(await count('audit_log')).toBe(1);
  });
});

it('one node at a time forgets: another one leaves it at that', async () => {
  await addKey('old', '8 days');
  const client = await world.database.owner.connect();
  try {
    await client.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('freshfield:forget', 0))`);
    expect(await forgetOld(world.app.pool)).toEqual({ changes: 0, keys: 0 });
    await client.query('ROLLBACK');
    expect(await forgetOld(world.app.pool)).toMatchObject({ keys: 1 });
  } finally {
    client.release();
  }
});

it('a server forgets as it starts and ever again, whatever goes wrong in between, until it is told to end', async () => {
  const lines: { msg: string; level: number; keys?: number }[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  await addKey('first', '8 days');
  const end = startForgetting({ pool: world.app.pool, logger, everyMs: 5 });
  const told = () => lines.filter(({ keys }) => keys === 1).length;
  await expect.poll(told).toBe(1);
  await world.database.owner.query('ALTER FUNCTION forget_old RENAME TO forgotten');
  await expect.poll(() => lines.some(({ level }) => level === 40)).toBe(true);
  await world.database.owner.query('ALTER FUNCTION forgotten RENAME TO forget_old');
  await addKey('second', '8 days');
  await expect.poll(told).toBe(2);
  await end();
  expect(await count('idempotency_keys')).toBe(0);
});
