import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

// Plans are kept for as long as a connection lives. Made while the log was short, Postgres would read all of it, and go
// on doing so while it grows.
let world: World;
let client: pg.PoolClient;
beforeAll(async () => {
  world = await createWorld();
  client = await world.database.owner.connect();
});
afterAll(async () => {
  client.release();
  await world.close();
});

/** How often these statements read a table of the log from its beginning to its end. */
async function wholeReads(...statements: string[]): Promise<number> {
  await client.query('TRUNCATE change_log, change_log_tags');
  await client.query(`UPDATE teams SET description = 'x'`);
  await client.query('VACUUM ANALYZE change_log, change_log_tags');
  await client.query('DISCARD PLANS');
  await client.query('BEGIN');
  const before = await wholeReadsSoFar();
  for (const statement of statements) await client.query(statement);
  const after = await wholeReadsSoFar();
  await client.query('COMMIT');
  return after - before;
}

async function wholeReadsSoFar(): Promise<number> {
  const { rows } = await client.query<{ reads: number }>(
    `SELECT sum(seq_scan) AS reads FROM pg_stat_xact_user_tables WHERE relname LIKE 'change\\_%'`,
  );
  return Number(rows[0]?.reads);
}

describe('a log that is short is read by its indexes', () => {
  const update = `UPDATE teams SET description = now()::text`;

  it.each([
    [
      'by nodes that ask what has changed',
      `SELECT * FROM changes_since(ARRAY[(SELECT id FROM tenants LIMIT 1)], '{0}')`,
    ],
    ['by requests, for what their snapshot contains', `SELECT newest_change((SELECT id FROM tenants LIMIT 1))`],
    ['by transactions that change something, once or twice', update, update],
    ['as they commit, for one tenant or several', update, 'SET CONSTRAINTS seal IMMEDIATE'],
    ['by those who commit them', update, 'SET CONSTRAINTS seal IMMEDIATE', 'SELECT * FROM sealed_changes()'],
  ])('%s', async (_who, ...statements) => {
    expect(await wholeReads(...statements)).toBe(0);
  });

  it('and would not be, were it up to Postgres', async () => {
    const text = `SELECT * FROM change_log WHERE tenant_id = '${world.acme.id}' AND seq > 0`;
    expect(await wholeReads(text)).toBe(1);
  });
});
