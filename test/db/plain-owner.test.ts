import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { purge } from '../../src/db/cache-purge.ts';
import { applicationRole, createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { findTenantId } from '../../src/db/tenant-by-slug.ts';
import { newId, type TenantId } from '../../src/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { epochOf, logged } from '../support/logged.ts';

// As hosted databases have it: the owner of the tables is no superuser.
const role = `owner_${randomUUID().slice(0, 8)}`;
const tenant = newId();
let database: TestDatabase;
let owner: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  await database.owner.query(
    `DROP SCHEMA public CASCADE; CREATE SCHEMA public;
     CREATE ROLE ${role} LOGIN PASSWORD 'plain' CREATEROLE;
     ALTER DATABASE ${name} OWNER TO ${role}; ALTER SCHEMA public OWNER TO ${role};
     GRANT freshfield_app, freshfield_search TO ${role} WITH ADMIN OPTION`,
  );
  owner = createPool({ connectionString: url(), role: null, max: 2, onError: () => {} });
  await migrate(owner);
  await owner.query(`INSERT INTO tenants (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenant]);
});
/** As that owner. */
function url(): string {
  const own = new URL(database.url);
  own.username = role;
  own.password = 'plain';
  return own.href;
}

afterAll(async () => {
  await owner.end();
  await database.owner.query(`REASSIGN OWNED BY ${role} TO CURRENT_USER; DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await database.drop();
});

it('has its changes logged and its log read', async () => {
  const told = await logged(owner, [tenant], () =>
    owner.query(`UPDATE tenants SET name = 'x' WHERE id = $1`, [tenant]),
  );
  expect(told).toEqual({ [tenant]: [`E:tenant:${tenant}`, 'L:tenant'] });
});

it('renews the epoch with each migration, though Postgres does not let it watch the schema', async () => {
  expect((await owner.query('SELECT FROM pg_event_trigger')).rowCount).toBe(0);
  // The row is not where it was put when the table was made: later migrations have renewed it.
  expect((await owner.query(`SELECT ctid <> '(0,1)' AS renewed FROM change_epochs`)).rows).toEqual([{ renewed: true }]);
  const before = await epochOf(owner, tenant);
  await owner.query('DELETE FROM kysely_migration WHERE name = (SELECT max(name) FROM kysely_migration)');
  await expect(migrate(owner)).rejects.toThrow(/already exists/);
  expect(await epochOf(owner, tenant)).toBe(before); // what was rolled back changed nothing
  await owner.query('SELECT renew_change_epoch()');
  expect(await epochOf(owner, tenant)).not.toBe(before);
});

it("has what is old forgotten at the application's request, of every tenant", async () => {
  const person = newId();
  await database.owner.query(
    `INSERT INTO people (tenant_id, id, name, email, username) VALUES ($1, $2, 'x', 'x@acme.test', 'x')`,
    [tenant, person],
  );
  await database.owner.query(
    `INSERT INTO idempotency_keys (tenant_id, person_id, key, path, request_hash, created_at)
     VALUES ($1, $2, 'k', 'p', 'h', now() - interval '8 days')`,
    [tenant, person],
  );
  const application = createPool({ connectionString: url(), role: applicationRole, max: 1, onError: () => {} });
  try {
    expect((await application.query('SELECT keys FROM forget_old()')).rows).toEqual([{ keys: 1 }]);
  } finally {
    await application.end();
  }
});

it('has its cache purged by the application, for a tenant that is known by its slug', async () => {
  const application = createPool({ connectionString: url(), role: applicationRole, max: 1, onError: () => {} });
  try {
    expect(await findTenantId(application, 'acme')).toBe(tenant);
    expect(await findTenantId(application, 'nobody')).toBeNull();
    const session = createTenantSession({ pool: application, tenantId: tenant as TenantId });
    const target = { kind: 'type', type: 'Tenant', ids: [tenant] } as const;
    const told = await logged(owner, [tenant], () =>
      session.write((trx) =>
        purge(trx, { target, soft: true, dryRun: false }, { by: { via: 'cli' }, now: new Date() }),
      ),
    );
    expect(told).toEqual({ [tenant]: [`~E:tenant:${tenant}`, '~L:tenant'] });
  } finally {
    await application.end();
  }
});
