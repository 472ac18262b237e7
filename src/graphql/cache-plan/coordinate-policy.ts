import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { policyOf } from '../cache-control/policy-of.ts';
import { replaced } from '../cache-control/policy.ts';
import type { CoordinatePolicy } from './combined.ts';

/**
 * What one field says about answers that hold it: its type's policy, replaced by its own as far as that goes.
 * `inheritMaxAge` on a field yields to a `maxAge` of its type.
 */
export function coordinatePolicy(
  schema: GraphQLSchema,
  parent: GraphQLObjectType,
  field: GraphQLField<unknown, unknown>,
): CoordinatePolicy {
  const type = getNamedType(field.type);
  const ofType = isCompositeType(type) ? policyOf(type) : {};
  const { dynamic = false, inheritMaxAge = false, ...ofField } = policyOf(field);
  const coordinate = `${parent.name}.${field.name}`;
  return {
    coordinate,
    policy: replaced(ofType, ofField),
    maxAgeSetBy: setBy(ofField.maxAge, coordinate) ?? setBy(ofType.maxAge, type.name),
    scopeSetBy: setBy(ofField.scope, coordinate) ?? setBy(ofType.scope, type.name),
    needsMaxAge: parent === schema.getQueryType() || (isCompositeType(type) && !inheritMaxAge && !ofType.inheritMaxAge),
    isDynamic: dynamic,
  };
}

/**
 * What may come out of an interface or union may be any of its types, so each of them has its say; what the field
 * itself says was not said with each of them in mind, and does not replace it.
 */
export function possiblePolicies(
  schema: GraphQLSchema,
  coordinate: string,
  field: GraphQLField<unknown, unknown>,
): CoordinatePolicy[] {
  const type = getNamedType(field.type);
  if (!isAbstractType(type)) return [];
  return schema.getPossibleTypes(type).map((possible) => {
    const policy = policyOf(possible);
    return {
      coordinate,
      policy,
      maxAgeSetBy: setBy(policy.maxAge, possible.name),
      scopeSetBy: setBy(policy.scope, possible.name),
      needsMaxAge: false,
      isDynamic: false,
    };
  });
}

/** Whether it has any say: what says nothing goes by its parent. */
export function hasSay({ policy, needsMaxAge, isDynamic }: CoordinatePolicy): boolean {
  return policy.maxAge !== undefined || policy.scope !== undefined || needsMaxAge || isDynamic;
}

function setBy(value: unknown, where: string): string | null {
  return value === undefined ? null : where;
}
