import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresChangeLog } from '../../src/db/change-log.ts';
import { epochOf } from '../support/logged.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let owner: pg.Pool;
beforeAll(async () => {
  world = await createWorld();
  owner = world.database.owner;
});
afterAll(() => world.close());

/** Whether the history has another name after these statements, run on one connection. */
async function isRenewedBy(...statements: string[]): Promise<boolean> {
  const before = await epochOf(world.app.pool, world.acme.id);
  const client = await owner.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    client.release(true);
  }
  return (await epochOf(world.app.pool, world.acme.id)) !== before;
}

describe('the history gets a new name', () => {
  it.each([
    ['a column that comes', `ALTER TABLE sites ADD COLUMN colour text NOT NULL DEFAULT 'red'`],
    ['a column that is rewritten', `ALTER TABLE sites ALTER COLUMN address TYPE text USING 'blue'`],
    ['a column that goes', 'ALTER TABLE teams DROP COLUMN description'],
    ['a table that comes', 'CREATE TABLE gadgets (id uuid)'],
    ['a table that goes', 'DROP TABLE idempotency_keys'],
    [
      'a function',
      `CREATE OR REPLACE FUNCTION change_collapse_rows() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 400`,
    ],
    ['a policy', 'ALTER POLICY tenant_isolation ON sites USING (tenant_id = current_tenant() AND true)'],
    ['what the application may read', 'GRANT SELECT ON ticket_numbers TO freshfield_app'],
    [
      'triggers switched off',
      'ALTER TABLE sites DISABLE TRIGGER USER',
      'ALTER TABLE sites ENABLE ALWAYS TRIGGER log_update',
    ],
    [
      'DDL by a replication role',
      'SET session_replication_role = replica',
      'ALTER TABLE sites ADD COLUMN size integer',
    ],
    ['a table emptied', 'TRUNCATE notifications'],
    ['tables emptied by a cascade', 'TRUNCATE tickets CASCADE'],
    ['a table emptied by a replication role', 'SET session_replication_role = replica', 'TRUNCATE notifications'],
    ['what all tenants share', `INSERT INTO permissions (key, description) VALUES ('test:more', 'x')`],
    ['what all tenants share, emptied', 'TRUNCATE permissions CASCADE'],
  ])('with %s', async (_what, ...statements) => {
    expect(await isRenewedBy(...statements)).toBe(true);
  });
});

describe('the history keeps its name', () => {
  it.each([
    ['data', `UPDATE sites SET address = 'x'`],
    ['an index', 'CREATE INDEX sites_by_address ON sites (address)', 'DROP INDEX sites_by_address'],
    [
      'temporary tables',
      'CREATE TEMP TABLE scratch (id uuid)',
      'ALTER TABLE scratch ADD COLUMN name text',
      'DROP TABLE scratch',
    ],
    [
      'another schema',
      'CREATE SCHEMA elsewhere CREATE TABLE elsewhere.things (id uuid)',
      'DROP TABLE elsewhere.things',
    ],
    ['a comment', `COMMENT ON TABLE sites IS 'Where'`],
    ['statistics', 'ANALYZE sites'],
    ['what was rolled back', 'BEGIN', 'TRUNCATE notifications', 'ROLLBACK'],
    ['no change of what all tenants share', `UPDATE permissions SET description = 'x' WHERE false`],
  ])('with %s', async (_what, ...statements) => {
    expect(await isRenewedBy(...statements)).toBe(false);
  });
});

describe('a node that sees the database gone back in time', () => {
  it('renews the history it saw, once: of many that notice, one does', async () => {
    const { pool } = world.app;
    const nodes = [1, 2, 3].map(() => createPostgresChangeLog({ pool, schemaHash: 'test' }));
    const seen = await epochOf(pool, world.acme.id);
    await Promise.all(nodes.map((node) => node.renewEpoch(seen)));
    const renewed = await epochOf(pool, world.acme.id);
    expect(renewed).not.toBe(seen);
    await nodes[0]?.renewEpoch(seen);
    expect(await epochOf(pool, world.acme.id)).toBe(renewed);
    await nodes[0]?.renewEpoch('made up/test');
    expect(await epochOf(pool, world.acme.id)).toBe(renewed);
  });

  it('has a history of its own for each schema, and each copy of the database', async () => {
    const pull = async (schemaHash: string, pool: pg.Pool) => {
      const log = createPostgresChangeLog({ pool, schemaHash });
      return (await log.pull(new Map([[world.acme.id, undefined]]))).epoch;
    };
    expect(await pull('one', owner)).not.toBe(await pull('two', owner));
    const copy = await createWorld();
    try {
      await copy.database.owner.query('UPDATE change_epochs SET generation = $1', [
        (await owner.query('SELECT generation FROM change_epochs')).rows[0].generation,
      ]);
      expect(await pull('one', copy.database.owner)).not.toBe(await pull('one', owner));
    } finally {
      await copy.close();
    }
  });
});
