import { OperationTypeNode, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import type { CacheHints } from './cache-control/hints.ts';
import { replaced } from './cache-control/policy.ts';
import { combined, type CachePlan, type CoordinatePolicy } from './cache-plan/combined.ts';
import { visitOperation } from './cache-plan/visit-operation.ts';

export type { CachePlan, CoordinatePolicy } from './cache-plan/combined.ts';

/**
 * The policy of an operation before it is run, as Apollo Server calculates it: the shortest of all that is selected,
 * PRIVATE as soon as one is. What depends on the result is taken at its strictest: an interface or union as the
 * strictest of its types, a field behind `@skip` or `@include` as selected. Introspection is not kept.
 */
export function planOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CachePlan {
  if (operation.operation !== OperationTypeNode.QUERY) return combined([], false);
  const { policies, isPublic } = visitOperation(schema, document, operation);
  return combined(policies, isPublic);
}

/**
 * The plan with what resolvers said while it was run: a hint takes the place of its field's own policy. A field that
 * was resolved several times counts as strictly as the strictest of them, one that was not resolved as the schema has it.
 */
export function applyHints(plan: CachePlan, hints: CacheHints): CachePlan {
  if (hints.isEmpty) return plan;
  let isPublic = plan.isPublic;
  const policies = plan.policies.flatMap((said): CoordinatePolicy[] => {
    const of = said.isDynamic ? hints.of(said.coordinate) : [];
    if (of.length === 0) return [said];
    return of.map((hint) => {
      if (hint.scope && hint.scope !== 'PUBLIC') isPublic = false;
      const by = `${said.coordinate} (its result)`;
      return {
        ...said,
        policy: replaced(said.policy, hint),
        maxAgeSetBy: hint.maxAge === undefined ? said.maxAgeSetBy : by,
        scopeSetBy: hint.scope === undefined ? said.scopeSetBy : by,
      };
    });
  });
  return combined(policies, isPublic);
}
