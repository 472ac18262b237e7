import {
  getOperationAST,
  getVariableValues,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { planOf, type CachePlan } from '../graphql/cache-plan.ts';

/** What is asked, as far as the cache must know. */
export type PlannedOperation =
  | { readonly notKept: null; readonly name: string | null; readonly plan: CachePlan; readonly variables: object }
  /** `notKept`: why no answer to it is kept, or that it cannot be executed at all. */
  | { readonly notKept: string };

export const cannotBeExecuted = 'it has errors';

/** Understands operations of this schema; what is known of a document is remembered for as long as it is. */
export function createOperationPlanner(schema: GraphQLSchema): (args: ExecutionArgs) => PlannedOperation {
  const plans = new WeakMap<OperationDefinitionNode, CachePlan>();

  return ({ document, operationName, variableValues }) => {
    const operation = getOperationAST(document, operationName);
    if (!operation) return { notKept: cannotBeExecuted };
    const plan = plans.get(operation) ?? planOf(schema, document, operation);
    plans.set(operation, plan);
    const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
    if (!coerced) return { notKept: cannotBeExecuted };
    if (!plan.canBeKept)
      return { notKept: plan.decidedBy ? `${plan.decidedBy} is not kept` : 'not a query that is kept' };
    return { notKept: null, name: operation.name?.value ?? null, plan, variables: coerced };
  };
}
