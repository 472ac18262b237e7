import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { applicationRole } from '../../src/db/pool.ts';
import { fillEveryTable, insertInto, tenantTables, type TenantTable } from '../support/fill-tables.ts';
import { createWorld, type World } from '../support/world.ts';

// Row-level security with the application's own check taken away: plain SQL over the role that requests run as.
let world: World;
let owner: pg.Pool;
let tables: TenantTable[];

/** Read for several tenants at once, so outside row-level security; what they may hold is tested below. */
const sharedLog = ['change_log', 'change_log_tags', 'change_log_trims'];

beforeAll(async () => {
  world = await createWorld();
  owner = world.database.owner;
  tables = (await tenantTables(owner)).filter(({ name }) => !sharedLog.includes(name));
  await fillEveryTable(owner, tables, [world.acme.id, world.globex.id]);
});
afterAll(() => world.close());

/** Runs `work` as the application of a tenant (null: of none), and takes back all that it did. */
async function asApplication<Result>(
  tenantId: string | null,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await world.app.pool.connect();
  try {
    await client.query('BEGIN');
    if (tenantId !== null) await client.query(`SELECT set_config('app.tenant', $1, true)`, [tenantId]);
    return await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** The SQLSTATE a statement fails with; null where it works. What it did is taken back. */
async function failureOf(client: pg.PoolClient, statement: string): Promise<string | null> {
  await client.query('SAVEPOINT attempt');
  const failure = await client.query(statement).then(
    () => null,
    (error: { code: string }) => error.code,
  );
  await client.query('ROLLBACK TO SAVEPOINT attempt');
  return failure;
}

const refusedByPolicy = '42501';
const rows = async (statement: string) => (await owner.query(statement)).rows;

describe('row-level security alone', () => {
  it('has rows of both tenants to keep apart, in every table', async () => {
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const [found] = await rows(`SELECT count(DISTINCT tenant_id) AS tenants FROM ${name}`);
      expect(found, name).toEqual({ tenants: 2 });
    }
  });

  it('shows a tenant its own rows, all of them and nothing else', async () => {
    for (const { name } of tables) {
      const [expected] = await rows(`SELECT count(*) FROM ${name} WHERE tenant_id = '${world.acme.id}'`);
      const seen = await asApplication(world.acme.id, async (client) => {
        return (await client.query(`SELECT count(*), array_agg(DISTINCT tenant_id::text) AS tenants FROM ${name}`))
          .rows;
      });
      expect(seen, name).toEqual([{ count: expected.count, tenants: [world.acme.id] }]);
    }
    const tenants = await asApplication(world.acme.id, (client) => client.query('SELECT slug FROM tenants'));
    expect(tenants.rows).toEqual([{ slug: 'acme' }]);
  });

  it('lets nobody change, take over, give away or delete a row of another tenant', async () => {
    for (const { name } of tables) {
      await asApplication(world.acme.id, async (client) => {
        const { rows: granted } = await client.query(
          `SELECT has_table_privilege('${name}', 'UPDATE') AS update, has_table_privilege('${name}', 'DELETE') AS delete`,
        );
        const foreign = `WHERE tenant_id = '${world.globex.id}'`;
        if (granted[0].update) {
          const take = await client.query(`UPDATE ${name} SET tenant_id = '${world.acme.id}' ${foreign}`);
          expect(take.rowCount, `take over ${name}`).toBe(0);
          const giveAway = `UPDATE ${name} SET tenant_id = '${world.globex.id}'`;
          expect(await failureOf(client, giveAway), `give away ${name}`).toBe(refusedByPolicy);
        }
        if (granted[0].delete) {
          expect((await client.query(`DELETE FROM ${name} ${foreign}`)).rowCount, `delete from ${name}`).toBe(0);
        }
      });
    }
    const renamed = await asApplication(world.acme.id, (client) => client.query(`UPDATE tenants SET name = 'mine'`));
    expect(renamed.rowCount).toBe(1);
  });

  it("refuses to insert a row of another tenant, and takes one's own", async () => {
    for (const table of tables) {
      await asApplication(world.acme.id, async (client) => {
        const foreign = await failureOf(client, insertInto(table, world.globex.id));
        expect(foreign, `foreign ${table.name}`).toBe(refusedByPolicy);
        // Foreign keys may still refuse it, for the row points nowhere: but not the policy.
        const own = await failureOf(client, insertInto(table, world.acme.id));
        expect(own, `own ${table.name}`).not.toBe(refusedByPolicy);
      });
    }
  });

  it('shows nothing and takes nothing while no tenant is set', async () => {
    for (const tenantId of [null, '']) {
      await asApplication(tenantId, async (client) => {
        for (const table of tables) {
          expect((await client.query(`SELECT FROM ${table.name}`)).rowCount, table.name).toBe(0);
          expect(await failureOf(client, insertInto(table, world.acme.id)), table.name).toBe(refusedByPolicy);
        }
        expect((await client.query('SELECT FROM tenants')).rowCount).toBe(0);
      });
    }
  });

  it('holds the searches too, which see every row to use their index', async () => {
    const searches = await rows(
      `SELECT oid::regprocedure::text AS signature FROM pg_proc
        WHERE prosecdef AND proowner = 'freshfield_search'::regrole ORDER BY 1`,
    );
    const calls: Record<string, string> = {
      'search_people(text[])': `SELECT search_people('{%}') AS id`,
      'search_tickets(text,integer)': `SELECT search_tickets('%', 1) AS id`,
    };
    expect(searches.map(({ signature }) => signature)).toEqual(Object.keys(calls));
    for (const [signature, call] of Object.entries(calls)) {
      const table = signature.startsWith('search_people') ? 'people' : 'tickets';
      const found = await asApplication(world.acme.id, async (client) => (await client.query(call)).rows);
      const ids = await rows(`SELECT id FROM ${table} WHERE tenant_id = '${world.acme.id}'`);
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(ids.map(({ id }) => id)));
      expect(found.length).toBeGreaterThan(0);
      expect((await asApplication(null, (client) => client.query(call))).rowCount).toBe(0);
    }
  });
});

describe('the catalog', () => {
  it('forces the one policy on every table with a tenant_id', async () => {
    const protectedTables = await rows(
      `SELECT relname AS name, relrowsecurity AND relforcerowsecurity AS forced,
              (SELECT jsonb_agg(jsonb_build_array(policyname, cmd, permissive, roles, qual, with_check) ORDER BY policyname)
                 FROM pg_policies WHERE tablename = relname AND schemaname = current_schema()) AS policies
         FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
          AND oid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'tenant_id')
          AND NOT relname = ANY ('{${sharedLog.join()}}') ORDER BY relname`,
    );
    const own = '(tenant_id = current_tenant())';
    const isolation = ['tenant_isolation', 'ALL', 'PERMISSIVE', ['public'], own, own];
    const search = ['search', 'SELECT', 'PERMISSIVE', ['freshfield_search'], 'true', null];
    const searched = ['people', 'tickets'];
    // Old ones are forgotten for all tenants at once, by the owner; the application is held like everywhere.
    const [{ owner: itself }] = await rows('SELECT current_user AS owner');
    const operators = ['operators', 'ALL', 'PERMISSIVE', [itself], 'true', 'true'];
    const besides = (name: string) => {
      if (name === 'idempotency_keys') return [operators];
      return searched.includes(name) ? [search] : [];
    };
    expect(protectedTables).toEqual(
      tables.map(({ name }) => ({
        name,
        forced: true,
        policies: [...besides(name), isolation],
      })),
    );
  });

  it('gives the application little else: to read what all tenants share, and to change its own tenant', async () => {
    const granted = await rows(
      `SELECT relname AS name, relrowsecurity AS held, string_agg(one, ' ') AS rights
         FROM pg_class CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS one
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
          AND NOT relname = ANY ('{${tables.map(({ name }) => name).join()}}')
          AND has_table_privilege('${applicationRole}', pg_class.oid, one)
        GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(granted).toEqual([
      ...['cache_key_secrets', ...sharedLog, 'kysely_migration', 'permissions'].map((name) => ({
        name,
        held: false,
        rights: 'SELECT',
      })),
      { name: 'tenants', held: true, rights: 'SELECT UPDATE' },
      { name: 'tracked_tables', held: false, rights: 'SELECT' },
    ]);
  });

  it('lets the shared log tell ids, days and closed lists of values, never what somebody wrote', async () => {
    const told = await rows(
      `SELECT DISTINCT split_part(part, ':', 1) AS column FROM tracked_tables, unnest(narrowings) AS part
         JOIN pg_attribute a ON attname = split_part(part, ':', 1)
        WHERE a.attrelid = table_name::regclass AND format_type(atttypid, NULL) IN ('text', 'jsonb') ORDER BY 1`,
    );
    expect(told).toEqual([{ column: 'kind' }, { column: 'status' }]);
  });

  it.each([applicationRole, 'freshfield_search'])(
    'lets the role %s own no table, bypass nothing and join no role',
    async (role) => {
      const [attributes] = await rows(
        `SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication,
              (SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS tables,
              (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS memberships
         FROM pg_roles r WHERE rolname = '${role}'`,
      );
      expect(attributes).toEqual({
        rolsuper: false,
        rolbypassrls: false,
        rolcanlogin: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolreplication: false,
        tables: 0,
        memberships: 0,
      });
      const functions = await rows(
        `SELECT count(*) FROM pg_proc WHERE proowner = '${role}'::regrole AND NOT prosecdef`,
      );
      expect(functions).toEqual([{ count: 0 }]);
    },
  );

  it('lets no key and no reference span tenants', async () => {
    const spanning = await rows(
      `SELECT conrelid::regclass || ': ' || pg_get_constraintdef(k.oid) AS constraint
         FROM pg_constraint k
        WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'f')
          AND confrelid <> 'permissions'::regclass
          AND conrelid IN (SELECT attrelid FROM pg_attribute WHERE attname = 'tenant_id')
          AND NOT EXISTS (SELECT FROM pg_attribute a
                           WHERE a.attrelid = conrelid AND a.attname = 'tenant_id' AND a.attnum = ANY (conkey))`,
    );
    expect(spanning).toEqual([]);
  });
});
