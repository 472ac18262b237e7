import { sql, type RawBuilder } from 'kysely';

/** `column in (…)`. No values, no rows, where SQL would refuse the empty list; no list at all, no condition. */
export function oneOf(column: string, values: readonly (string | number)[] | null | undefined): RawBuilder<boolean> {
  if (!values) return sql<boolean>`true`;
  return values.length === 0 ? sql<boolean>`false` : sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
}
