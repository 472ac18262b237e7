import type pg from 'pg';
import { parseTenantId, type TenantId } from '../ids.ts';
import { asAppError } from './failures.ts';

/** The tenant of that slug, for those who come without a token; null where there is none. */
export async function findTenantId(pool: pg.Pool, slug: string): Promise<TenantId | null> {
  const asked = pool.query<{ id: string | null }>('SELECT tenant_by_slug($1) AS id', [slug]);
  const { rows } = await asked.catch((error: unknown) => {
    throw asAppError(error);
  });
  return parseTenantId(rows[0]?.id);
}
