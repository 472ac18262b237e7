import { expressionBuilder, type AliasableExpression, type SqlBool } from 'kysely';

/** The condition that a column has one of these values: never true for an empty list, where `in ()` is no SQL at all. */
export function anyOf(column: string, values: readonly string[]): AliasableExpression<SqlBool> {
  // Built, not written: so a read is known to depend on the rows with these values alone.
  const build = expressionBuilder<never>();
  return build(column as never, '=', build.fn.any(build.val([...values])) as never);
}
