import type pg from 'pg';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { newId, type PersonId, type TenantId } from '../../src/ids.ts';
import { createTenant } from '../../src/modules/tenant/create-tenant.ts';
import { startTemporaryDatabase } from '../temporary-database.ts';

export interface BenchTenant {
  readonly id: TenantId;
  readonly adminId: PersonId;
  readonly ticketIds: readonly string[];
}

/** A database, alike in all but the triggers of the change log. */
export interface Side {
  readonly hasLog: boolean;
  readonly url: string;
  readonly owner: pg.Pool;
  readonly tenants: readonly BenchTenant[];
}

export interface Sides {
  readonly captured: Side;
  readonly plain: Side;
  stop(): Promise<void>;
}

const tenantCount = 8;
const ticketsPerTenant = 1_000;

/** Starts a Postgres with two copies of one database; in one of them the triggers are switched off. */
export async function startSides(): Promise<Sides> {
  const database = await startTemporaryDatabase();
  const open = (name: string) => {
    const url = new URL(database.connectionString);
    url.pathname = `/${name}`;
    const onError = () => {};
    return {
      url: url.href,
      owner: createPool({ connectionString: url.href, role: null, max: 2, statementTimeoutMs: 0, onError }),
    };
  };
  const template = open('freshfield');
  await migrate(template.owner);
  const tenants: BenchTenant[] = [];
  for (let index = 0; index < tenantCount; index += 1) tenants.push(await fillTenant(template.owner, index));
  await template.owner.end();

  const admin = open('postgres');
  for (const name of ['captured', 'plain']) await admin.owner.query(`CREATE DATABASE ${name} TEMPLATE freshfield`);
  await admin.owner.end();
  const captured: Side = { hasLog: true, ...open('captured'), tenants };
  const plain: Side = { hasLog: false, ...open('plain'), tenants };
  await switchOff(plain.owner);
  for (const { owner } of [captured, plain]) await owner.query('VACUUM ANALYZE');
  return {
    captured,
    plain,
    async stop() {
      await Promise.all([captured.owner.end(), plain.owner.end()]);
      await database.stop();
    },
  };
}

async function switchOff(owner: pg.Pool): Promise<void> {
  const { rows } = await owner.query<{ trigger: string; table: string }>(
    `SELECT quote_ident(tgname) AS trigger, tgrelid::regclass::text AS table FROM pg_trigger WHERE tgname LIKE 'log\\_%'`,
  );
  for (const { table, trigger } of rows) await owner.query(`ALTER TABLE ${table} DISABLE TRIGGER ${trigger}`);
}

async function fillTenant(owner: pg.Pool, index: number): Promise<BenchTenant> {
  const [id, adminId, siteId] = [newId() as TenantId, newId() as PersonId, newId()];
  const slug = `bench-${index}`;
  const session = createTenantSession({ pool: owner, tenantId: id });
  const roleIds = await createTenant(owner, session, { id, slug, name: slug, timeZone: 'Europe/Rome' });
  await session.close();
  const ticketIds = Array.from({ length: ticketsPerTenant }, () => newId());
  await owner.query(`INSERT INTO sites (tenant_id, id, name, code) VALUES ($1, $2, 'Here', 'HERE')`, [id, siteId]);
  await owner.query(
    `INSERT INTO people (tenant_id, id, name, email, username, site_id) VALUES ($1, $2, 'Ada', 'ada@bench.test', 'ada', $3)`,
    [id, adminId, siteId],
  );
  await owner.query('INSERT INTO person_roles (tenant_id, person_id, role_id) VALUES ($1, $2, $3)', [
    id,
    adminId,
    roleIds.get('admin'),
  ]);
  await owner.query(
    `INSERT INTO tickets (tenant_id, id, number, title, site_id, reporter_id)
     SELECT $1, ticket, number, 'Printer', $3, $4 FROM unnest($2::uuid[]) WITH ORDINALITY AS t (ticket, number)`,
    [id, ticketIds, siteId, adminId],
  );
  return { id, adminId, ticketIds };
}
