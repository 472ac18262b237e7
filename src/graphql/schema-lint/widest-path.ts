import { isAbstractType, isObjectType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { possiblePolicies } from '../cache-plan/coordinate-policy.ts';
import type { CoordinatePolicy } from '../cache-plan/combined.ts';
import { fieldsBelowQuery } from './fields-below-query.ts';

/** What a policy limits an answer to, in seconds; infinite where it has no say. */
export type Limit = (said: CoordinatePolicy) => number;

/**
 * How much is left, at most, of what a policy limits by the time a query has reached each type: the best of all paths
 * there, each of which is as good as its strictest field. What allows more than that has nothing to decide.
 */
export function widestPaths(schema: GraphQLSchema, limitOf: Limit): ReadonlyMap<string, number> {
  const steps = fieldsBelowQuery(schema).map(({ parent, field, type, said }) => ({
    from: parent.name,
    to: objectNames(schema, type),
    limit: Math.min(limitOf(said), ...possiblePolicies(schema, said.coordinate, field).map(limitOf)),
  }));
  const widest = new Map([[schema.getQueryType()?.name ?? '', Number.POSITIVE_INFINITY]]);
  for (let changed = true; changed;) {
    changed = false;
    for (const { from, to, limit } of steps) {
      const left = Math.min(widest.get(from) ?? -1, limit);
      for (const name of to.filter((each) => left > (widest.get(each) ?? -1))) {
        widest.set(name, left);
        changed = true;
      }
    }
  }
  return widest;
}

/** A resolver may still say more: no limit. */
export const maxAgeLimit: Limit = ({ policy, needsMaxAge, isDynamic }) =>
  isDynamic ? Number.POSITIVE_INFINITY : (policy.maxAge ?? (needsMaxAge ? 0 : Number.POSITIVE_INFINITY));

/** What sets a maxAge speaks for the times beside it. */
export function windowLimit(name: 'staleWhileRevalidate' | 'staleIfError' | 'clientMaxAge'): Limit {
  return (said) => {
    if (said.isDynamic || maxAgeLimit(said) === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    return said.policy[name] ?? 0;
  };
}

function objectNames(schema: GraphQLSchema, type: GraphQLNamedType): string[] {
  if (isObjectType(type)) return [type.name];
  return isAbstractType(type) ? schema.getPossibleTypes(type).map(({ name }) => name) : [];
}
