import { sql, type RawBuilder } from 'kysely';

/** The condition that a column has one of these values: never true for an empty list, where `in ()` is no SQL at all. */
export function anyOf(column: string, values: readonly string[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} = any(${[...values]})`;
}
