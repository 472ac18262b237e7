import type pg from 'pg';
import { createDefaultRoles } from '../modules/tenant/create-tenant.ts';
import { createQueryBuilder } from '../db/connection-driver.ts';
import { applicationRole } from '../db/pool.ts';
import { tenantScope } from '../db/tenant-scope.ts';
import { newId, type TenantId } from '../ids.ts';
import type { SeedPlan } from './plan.ts';
import { createRowWriter } from './row-writer.ts';
import { tenantRows } from './tenant-rows.ts';

export interface SeedOptions {
  /** Connects as the owner of the tables; a tenant is added over it. */
  operator: pg.Pool;
  plan: SeedPlan;
  /** Told how many rows were written since the last call. */
  onRows?: (count: number) => void;
}

export interface SeededTenant {
  id: TenantId;
  slug: string;
  /** Rows by table. */
  counts: Readonly<Record<string, number>>;
}

/**
 * Makes a demo tenant, all of it or nothing: one transaction. Answers null where the slug is taken.
 */
export async function seedTenant({ operator, plan, onRows = () => {} }: SeedOptions): Promise<SeededTenant | null> {
  const client = await operator.connect();
  try {
    await client.query('BEGIN');
    const id = newId() as TenantId;
    const isNew = await addTenant(client, id, plan);
    const counts = isNew ? await fillTenant(client, { id, plan, onRows }) : null;
    await client.query('COMMIT');
    client.release();
    // The first questions asked of the new rows should be planned well already.
    if (counts) await operator.query(`ANALYZE ${Object.keys(counts).join(', ')}`);
    return counts && { id, slug: plan.slug, counts };
  } catch (error) {
    await client.query('ROLLBACK').then(
      () => client.release(),
      () => client.release(true),
    );
    throw error;
  }
}

/** A slug that another start is taking right now is waited for, and is taken then. */
async function addTenant(client: pg.PoolClient, id: TenantId, { slug, name, timeZone }: SeedPlan): Promise<boolean> {
  const { rowCount } = await client.query(
    'INSERT INTO tenants (id, slug, name, time_zone) VALUES ($1, $2, $3, $4) ON CONFLICT (slug) DO NOTHING',
    [id, slug, name, timeZone],
  );
  return rowCount === 1;
}

interface FillOptions {
  id: TenantId;
  plan: SeedPlan;
  onRows: (count: number) => void;
}

async function fillTenant(client: pg.PoolClient, { id, plan, onRows }: FillOptions) {
  await client.query(`SELECT set_config('app.tenant', $1, true)`, [id]);
  await client.query(`SET LOCAL ROLE ${applicationRole}`); // row-level security holds the seed to its tenant
  const trx = createQueryBuilder(({ sql, parameters }) => client.query(sql, [...parameters]), [tenantScope(id)]);
  const writer = createRowWriter(client, onRows);
  const roleIds = await createDefaultRoles(trx);
  const { faker } = await import('@faker-js/faker/locale/en'); // large, and a running server never needs it
  for (const { table, rows } of tenantRows({ plan, roleIds, faker })) await writer.insert(table, rows);
  return writer.counts;
}
