import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logged } from '../support/logged.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => (world = await createWorld()));
afterAll(() => world.close());

/** Runs statements as the application of acme, on one connection; answers the SQLSTATE of the first that fails. */
async function asApplication(...statements: string[]): Promise<string | null> {
  const client: pg.PoolClient = await world.app.pool.connect();
  try {
    await client.query(`SELECT set_config('app.tenant', $1, false)`, [world.acme.id]);
    for (const statement of statements) await client.query(statement);
    return null;
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    client.release(true);
  }
}

const forbidden = '42501';

describe('the application', () => {
  it.each([
    `INSERT INTO change_log (tenant_id, seq, xid, begun_at, sealed_at) SELECT tenant_id, 1, xid, begun_at, sealed_at FROM change_log`,
    `INSERT INTO change_log_tags (tenant_id, type, row_count, tags, opens) VALUES (gen_random_uuid(), 'x', 1, '{}', true)`,
    'UPDATE change_log SET seq = 0',
    `UPDATE change_log_tags SET tags = '{}'`,
    'DELETE FROM change_log',
    'DELETE FROM change_log_tags',
    'TRUNCATE change_log_tags',
    'UPDATE change_log_trims SET seq = 0',
    'UPDATE change_epochs SET generation = gen_random_uuid()',
    `UPDATE tracked_tables SET narrowings = '{id}'`,
    `SELECT nextval('change_seq')`,
    `SELECT setval('change_seq', 1)`,
    `SELECT trim_change_log('0')`,
    `SELECT trim_change_log('1 year', 1)`,
    'SELECT renew_change_epoch()',
    `SELECT is_sealed(gen_random_uuid())`,
    `SELECT track_changes('sites', 'site')`,
    `SELECT exempt_from_tracking('sites', 'because')`,
    'ALTER TABLE sites DISABLE TRIGGER log_update',
    'DROP TRIGGER log_update ON sites',
    'ALTER TABLE change_log_tags DISABLE TRIGGER seal',
    'SET session_replication_role = replica',
    'TRUNCATE sites',
  ])('is refused: %s', async (statement) => {
    expect(await asApplication(statement)).toBe(forbidden);
  });

  it('cannot call the functions of the triggers', async () => {
    const { rows } = await world.database.owner.query<{ name: string }>(
      `SELECT proname AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND prosecdef
          AND has_function_privilege('freshfield_app', oid, 'EXECUTE') ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual([
      'change_epoch',
      'forget_old',
      'log_tags',
      'renew_change_epoch',
      'search_people',
      'search_tickets',
      'tenant_by_slug',
    ]);
  });

  it('cannot have its changes logged elsewhere: in temporary tables, or along a path of its own', async () => {
    const { acme, globex, database } = world;
    const told = await logged(database.owner, [acme.id, globex.id], async () => {
      const failure = await asApplication(
        `CREATE TEMP TABLE change_log_tags (LIKE change_log_tags INCLUDING DEFAULTS)`,
        `CREATE TEMP TABLE change_log (LIKE change_log INCLUDING DEFAULTS)`,
        `SET search_path = pg_temp, public`,
        `UPDATE public.sites SET address = 'unseen'`,
      );
      expect(failure).toBeNull();
    });
    expect(told).toEqual({
      [acme.id]: [`E:site:${acme.sites.here}`, `E:site:${acme.sites.elsewhere}`, 'L:site'].toSorted(),
    });
  });
});
