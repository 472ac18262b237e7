import { fieldsBelowQuery } from './fields-below-query.ts';
import type { Rule } from './finding.ts';

/** A field that is kept by itself is found again by its parent's identity. */
export const noIdentity: Rule = ({ schema }) =>
  fieldsBelowQuery(schema)
    .filter(
      ({ parent, field }) => isKeptByItself(field) && parent !== schema.getQueryType() && !parent.getFields()['id'],
    )
    .map(({ parent, said: { coordinate } }) => ({
      rule: 'no-identity',
      coordinate,
      message:
        `It is kept by itself, but ${parent.name} has no id to find it by. ` +
        'Say what tells one parent from another: cached: { parent: (it) => … }; or give the type an id.',
    }));

function isKeptByItself({ extensions }: { extensions: Readonly<Record<string, unknown>> }): boolean {
  const { cached } = (extensions['pothosOptions'] ?? {}) as { cached?: unknown };
  return Boolean(cached) && typeof (cached as { parent?: unknown }).parent !== 'function';
}
