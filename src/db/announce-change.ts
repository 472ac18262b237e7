import { sql, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/**
 * Says, in the transaction of a change outside SQL (a file, another service), that whatever depends on these names has
 * changed: the counterpart of `session.dependOn`. It counts for the tenant of the transaction.
 */
export async function announceChange(trx: Kysely<Tables>, ...names: string[]): Promise<void> {
  await sql`select log_custom_change(${names}::text[])`.execute(trx);
}
