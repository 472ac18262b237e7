import {
  getNamedType,
  isObjectType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
} from 'graphql';
import { typesBelowQuery } from '../cache-control/let-types-inherit.ts';
import { coordinatePolicy } from '../cache-plan/coordinate-policy.ts';
import type { CoordinatePolicy } from '../cache-plan/combined.ts';

/** A field that an answer to a query can hold, on the type it is resolved on. */
export interface ReachableField {
  readonly parent: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
  /** What it returns, without lists. */
  readonly type: GraphQLNamedType;
  /** Its own policy over that of its type. */
  readonly said: CoordinatePolicy;
}

export function fieldsBelowQuery(schema: GraphQLSchema): ReachableField[] {
  const query = schema.getQueryType();
  return [...(query ? [query] : []), ...typesBelowQuery(schema)].filter(isObjectType).flatMap((parent) =>
    Object.values(parent.getFields()).map((field) => ({
      parent,
      field,
      type: getNamedType(field.type),
      said: coordinatePolicy(schema, parent, field),
    })),
  );
}
