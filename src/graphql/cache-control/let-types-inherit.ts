import { getNamedType, isAbstractType, isCompositeType, type GraphQLCompositeType, type GraphQLSchema } from 'graphql';
import { directiveArguments } from './directive.ts';
import { policyOf } from './policy-of.ts';

/**
 * Gives every type that a query can reach and that has no `maxAge` an `inheritMaxAge: true`: in what the plan reads and
 * in the SDL, so that whoever reads that with Apollo's rules comes to the same plan.
 */
export function letTypesInherit(schema: GraphQLSchema): void {
  for (const type of typesBelowQuery(schema)) {
    const policy = policyOf(type);
    if (policy.maxAge !== undefined || policy.inheritMaxAge) continue;
    const inheriting = { ...policy, inheritMaxAge: true };
    const directives = {
      ...(type.extensions['directives'] as object | undefined),
      cacheControl: directiveArguments(inheriting),
    };
    type.extensions = { ...type.extensions, cacheControl: inheriting, directives };
  }
}

/** All that an answer to a query can hold, apart from the query itself. */
export function typesBelowQuery(schema: GraphQLSchema): Set<GraphQLCompositeType> {
  const found = new Set<GraphQLCompositeType>();
  const visit = (type: GraphQLCompositeType): void => {
    const fields = 'getFields' in type ? Object.values(type.getFields()) : [];
    const below = [
      ...fields.map((field) => getNamedType(field.type)),
      ...(isAbstractType(type) ? schema.getPossibleTypes(type) : []),
    ];
    for (const next of below) {
      if (!isCompositeType(next) || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  const query = schema.getQueryType();
  if (query) visit(query);
  return found;
}
