import DataLoader from 'dataloader';
import { sql, type Expression, type Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** One statement can answer very many columns; this many are plenty. */
const maxValues = 200;

/** Scalar subselects that are asked for in one turn of the event loop become columns of one statement. */
export function createValueBatch(db: Kysely<Tables>): (value: Expression<unknown>) => Promise<unknown> {
  const batch = new DataLoader<Expression<unknown>, unknown>(
    async (values) => {
      const columns = values.map((value, index) => sql`(${value})`.as(`figure_${index}`));
      const row = await db.selectNoFrom(columns).executeTakeFirstOrThrow();
      return values.map((_, index) => (row as Record<string, unknown>)[`figure_${index}`]);
    },
    { cache: false, maxBatchSize: maxValues },
  );
  return (value) => batch.load(value);
}
