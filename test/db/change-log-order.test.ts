import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

/** Slow commits that overlap, or numbers would hardly ever have the chance to become visible in another order. */
const stall = `
  CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN PERFORM pg_sleep(random() * 0.006); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER zz_stall AFTER INSERT ON change_log_tags
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.opens) EXECUTE FUNCTION stall()`;
const takeLock = /pg_advisory_xact_lock\(hashtextextended\(.*?\)\)/;

const tenants = [newId(), newId()];
const writers = 8;
const transactions = 25;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  const { owner } = database;
  await owner.query(stall);
  for (const [index, tenant] of tenants.entries()) {
    await owner.query(`INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'x')`, [tenant, `tenant-${index}`]);
    await owner.query(
      `INSERT INTO customers (tenant_id, id, name) SELECT $1, gen_random_uuid(), n::text FROM generate_series(1, $2) n`,
      [tenant, writers],
    );
  }
});
afterAll(() => database.drop());

describe('the numbers of a tenant', () => {
  it('become visible in their order, whoever commits when', async () => {
    expect(await disorder()).toEqual([]);
  });

  it('would not, without the lock that is held until the commit is visible', async () => {
    const { owner } = database;
    const { rows } = await owner.query<{ text: string }>(
      `SELECT pg_get_functiondef('seal_changes()'::regprocedure) AS text`,
    );
    const sealing = rows[0]?.text ?? '';
    expect(sealing).toMatch(takeLock);
    await owner.query(sealing.replace(takeLock, 'now()'));
    try {
      expect((await disorder()).length).toBeGreaterThan(0);
    } finally {
      await owner.query(sealing);
    }
  });
});

it('changes of several tenants never wait for each other in a circle', async () => {
  const results = await Promise.allSettled(
    Array.from({ length: 4 }, (_, writer) =>
      withClient(async (client) => {
        for (let count = 0; count < 15; count += 1) {
          const [one, other] = writer % 2 ? tenants : tenants.toReversed();
          // Rows of their own, so that nothing but the log can make them wait.
          await client.query('BEGIN');
          await client.query(rowOf(one, writer));
          await client.query(rowOf(other, writer));
          await client.query('COMMIT');
        }
      }),
    ),
  );
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
});

/** Touches one row, which no other writer touches. */
function rowOf(tenant: string | undefined, writer: number): string {
  return `UPDATE customers SET external_ref = gen_random_uuid()::text
           WHERE id = (SELECT id FROM customers WHERE tenant_id = '${tenant}' ORDER BY id OFFSET ${writer} LIMIT 1)`;
}

/** Writes from many connections while a reader looks on; answers the numbers that appeared below one seen before. */
async function disorder(): Promise<number[]> {
  const tenant = tenants[0];
  const written = new AbortController();
  const reader = withClient(async (client) => {
    const late: number[] = [];
    const seen = new Set<number>();
    let highest = 0;
    while (!written.signal.aborted) {
      const { rows } = await client.query<{ seq: string }>('SELECT seq FROM change_log WHERE tenant_id = $1', [tenant]);
      const fresh = rows.map(({ seq }) => Number(seq)).filter((seq) => !seen.has(seq));
      late.push(...fresh.filter((seq) => seq < highest));
      for (const seq of fresh) seen.add(seq);
      highest = Math.max(highest, ...fresh);
    }
    return late;
  });
  await Promise.all(
    Array.from({ length: writers }, (_, writer) =>
      withClient(async (client) => {
        for (let count = 0; count < transactions; count += 1) {
          await client.query(`BEGIN; ${rowOf(tenant, writer)}; COMMIT`);
          await delay(Math.random() * 3);
        }
      }),
    ),
  );
  written.abort();
  return reader;
}

async function withClient<Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
