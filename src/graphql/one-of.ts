import { expressionBuilder, sql, type AliasableExpression, type SqlBool } from 'kysely';

/** `column in (…)`. No values, no rows, where SQL would refuse the empty list; no list at all, no condition. */
export function oneOf(
  column: string,
  values: readonly (string | number)[] | null | undefined,
): AliasableExpression<SqlBool> {
  if (!values) return sql<boolean>`true`;
  if (values.length === 0) return sql<boolean>`false`;
  // Built, not written: so a read is known to depend on the rows with these values alone.
  return expressionBuilder<never>()(column as never, 'in', values as never);
}
