import DataLoader from 'dataloader';
import { sql, type Expression, type Kysely, type RawBuilder } from 'kysely';
import { instantsAround, type InstantsAround } from '../../db/due-times.ts';
import type { Tables } from '../../db/tables.ts';
import type { Context } from '../../graphql/context.ts';
import { keptValue } from '../../graphql/field-cache/kept-value.ts';
import { defineLoader } from '../../graphql/loaders.ts';
import type { SitesScope } from './scope.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    figure: DataLoader<NamedFigure, unknown, string>;
  }
}

/** Something counted about a scope: one value, by a scalar subselect. `at`: the instant of the request. */
export type Figure<S extends SitesScope, Value> = (scope: S, db: Kysely<Tables>, at: Date) => Expression<Value>;

interface NamedFigure {
  /** The same name means the same figure, which is then computed once. */
  name: string;
  select: (db: Kysely<Tables>) => Expression<unknown>;
}

/** However many figures a request asks for at once, they are one statement, and nothing else is computed. */
defineLoader(
  'figure',
  ({ db }) =>
    new DataLoader<NamedFigure, unknown, string>(
      (figures) => Promise.all(figures.map(({ select }) => db.readValue(select))),
      { cacheKeyFn: ({ name }) => name },
    ),
);

export interface FigureOptions {
  /** Seconds for which a figure is kept where nothing that it counts changes. @default 900 */
  maxAgeS?: number;
}

/**
 * A figure that does not depend on the time. It is kept by itself: whichever fields are selected, in whatever query, by
 * whoever may see the same, it is computed once.
 */
export function loadFigure<Value, S extends SitesScope>(
  context: Context,
  scope: S,
  figure: Figure<S, Value>,
  { maxAgeS = 900 }: FigureOptions = {},
): Promise<Value> {
  const name = `figure ${figure.name}`;
  return keptValue(context, { name, of: scope, maxAgeS, make: (part) => compute(part, scope, figure) });
}

/** How many had come due before an instant, and the due times around it. */
export interface PastDue {
  count: number;
  around: InstantsAround;
}

/** How many are past due: kept, like any figure, until one more is. */
export function loadPastDue<S extends SitesScope>(
  context: Context,
  scope: S,
  figure: Figure<S, PastDue>,
  { maxAgeS = 900 }: FigureOptions = {},
): Promise<number> {
  return keptValue(context, {
    name: `figure ${figure.name}`,
    of: scope,
    maxAgeS,
    async make(part) {
      const { count, around } = await compute(part, scope, figure);
      part.clock.holdsAmong(around);
      return count;
    },
  });
}

/** Of the rows of an aggregate query, those whose time in this column had come by an instant. */
export function pastDue(column: string, at: Date): RawBuilder<PastDue> {
  return sql`jsonb_build_object(
    'count', count(*) filter (where ${sql.ref(column)} < ${at}), 'around', ${instantsAround(column, at)}
  )`;
}

/** How many rows have each of these values, zero included: `{ "NEW": 3, "CLOSED": 0 }`. Inside an aggregate query. */
export function countEach<Key extends string>(column: string, keys: readonly Key[]): RawBuilder<Record<Key, number>> {
  const pairs = keys.map((key) => sql`${sql.lit(key)}, count(*) filter (where ${sql.ref(column)} = ${sql.lit(key)})`);
  return sql`jsonb_build_object(${sql.join(pairs)})`;
}

/** By name: figures are told from each other by nothing else. */
const known = new Map<string, Figure<never, unknown>>();

function compute<Value, S extends SitesScope>(
  { loaders, clock }: Context,
  scope: S,
  figure: Figure<S, Value>,
): Promise<Value> {
  if ((known.get(figure.name) ?? figure) !== figure) throw new Error(`Two figures are called "${figure.name}".`);
  known.set(figure.name, figure);
  const name = `${figure.name} ${JSON.stringify(scope)}`;
  return loaders.figure.load({ name, select: (db) => figure(scope, db, clock.at) }) as Promise<Value>;
}
