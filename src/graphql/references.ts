import { sql, type Kysely } from 'kysely';
import type { TableName, Tables } from '../db/tables.ts';
import { ValidationError } from '../errors.ts';

/** A row that an input names by its id. */
export interface Reference {
  /** The input's field, for the message. */
  field: string;
  table: TableName;
  /** Nothing is checked where it is null or absent. */
  id: string | null | undefined;
  /** Columns it must have besides, for example `{ active: true }`. */
  having?: Readonly<Record<string, string | boolean>>;
  /** What to send instead. */
  message: string;
}

/**
 * Fails with one ValidationError that names every reference to a row this tenant does not have, so that a client
 * hears of its mistake and not of a foreign key. One statement, whatever their number; none without references.
 */
export async function checkReferences(trx: Kysely<Tables>, references: readonly Reference[]): Promise<void> {
  const named = references.filter(({ id }) => id != null);
  if (named.length === 0) return;
  const found = await trx
    .selectNoFrom(named.map((reference, index) => sql<boolean>`exists(${rowOf(trx, reference)})`.as(`found_${index}`)))
    .executeTakeFirstOrThrow();
  const missing = named.filter((_, index) => !(found as Record<string, boolean>)[`found_${index}`]);
  if (missing.length > 0) throw new ValidationError(missing.map(({ field, message }) => ({ field, message })));
}

/** Kysely cannot see the columns of a table that is only known at run time. */
function rowOf(trx: Kysely<Tables>, { table, id, having = {} }: Reference) {
  const byId = trx.selectFrom(table as never).where('id' as never, '=', id as never);
  return Object.entries(having)
    .reduce((query, [column, value]) => query.where(column as never, '=', value as never), byId)
    .select(sql<number>`1`.as('one'));
}
