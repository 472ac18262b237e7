import DataLoader from 'dataloader';
import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import type { Context } from '../../graphql/context.ts';
import { defineLoader } from '../../graphql/loaders.ts';
import type { Scope } from './scope.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    figure: DataLoader<Figure<unknown>, unknown, string>;
  }
}

/** Something counted: one value, by a scalar subselect. */
interface Figure<Value> {
  /** The same name means the same figure, which is then computed once. */
  name: string;
  select: (db: Kysely<Tables>) => Expression<Value>;
}

/** However many figures a request asks for at once, they are one statement, and nothing else is computed. */
defineLoader(
  'figure',
  ({ db }) =>
    new DataLoader<Figure<unknown>, unknown, string>(
      async (figures) => {
        const row = await db.read
          .selectNoFrom(figures.map(({ select }, index) => sql`(${select(db.read)})`.as(`figure_${index}`)))
          .executeTakeFirstOrThrow();
        return figures.map((_, index) => (row as Record<string, unknown>)[`figure_${index}`]);
      },
      { cacheKeyFn: ({ name }) => name },
    ),
);

/** Computes a figure for a scope, together with all the others that are asked for at the same time. */
export function loadFigure<Value, S extends Scope>(
  context: Context,
  scope: S,
  figure: (scope: S, db: Kysely<Tables>) => Expression<Value>,
): Promise<Value> {
  const name = `${figure.name} ${JSON.stringify(scope)}`;
  return context.loaders.figure.load({ name, select: (db) => figure(scope, db) }) as Promise<Value>;
}

/** How many rows have each of these values, zero included: `{ "NEW": 3, "CLOSED": 0 }`. Inside an aggregate query. */
export function countEach<Key extends string>(column: string, keys: readonly Key[]): RawBuilder<Record<Key, number>> {
  const pairs = keys.map((key) => sql`${sql.lit(key)}, count(*) filter (where ${sql.ref(column)} = ${sql.lit(key)})`);
  return sql`jsonb_build_object(${sql.join(pairs)})`;
}
