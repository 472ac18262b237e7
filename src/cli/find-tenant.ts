import type pg from 'pg';
import { migrationStatus } from '../db/migrate.ts';
import { AppError } from '../errors.ts';
import { parseTenantId, type TenantId } from '../ids.ts';

export interface Tenant {
  id: TenantId;
  slug: string;
  /** IANA name. */
  timeZone: string;
}

/** The tenant of that slug; fails with what to do where the schema is not there yet or the tenant is not. */
export async function findTenant(operator: pg.Pool, slug: string): Promise<Tenant> {
  await requireNewestSchema(operator);
  const { rows } = await operator.query<{ id: string; time_zone: string }>(
    'SELECT id, time_zone FROM tenants WHERE slug = $1',
    [slug],
  );
  const id = parseTenantId(rows[0]?.id);
  if (!rows[0] || !id) throw new AppError('NOT_FOUND', `There is no tenant "${slug}".`);
  return { id, slug, timeZone: rows[0].time_zone };
}

/** Fails with what to do where migrations are pending. */
export async function requireNewestSchema(operator: pg.Pool): Promise<void> {
  const pending = (await migrationStatus(operator)).filter(({ appliedAt }) => !appliedAt);
  if (pending.length > 0) {
    throw new AppError('CONFLICT', 'The database has not the newest schema. Run `freshfield migrate` first.');
  }
}
