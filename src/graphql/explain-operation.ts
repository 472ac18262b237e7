import { OperationTypeNode, type DocumentNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { planOf, type CachePlan } from './cache-plan.ts';
import { visitOperation } from './cache-plan/visit-operation.ts';
import { guardOf } from './schema-lint/guards.ts';

/** What the schema says about keeping the answer to one operation, and where it says so. */
export interface Explanation {
  /** null for an operation without a name. */
  readonly operation: string | null;
  readonly type: `${OperationDefinitionNode['operation']}`;
  readonly isKept: boolean;
  /** Why it is not kept; null where it is. */
  readonly reason: string | null;
  readonly plan: CachePlan;
  readonly guarded: readonly Guarded[];
}

/** A coordinate that not everybody may see: answers that hold it differ by what the viewer may do. */
export interface Guarded {
  readonly coordinate: string;
  /** `permission tickets:read`. */
  readonly needs: string;
}

export function explainOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Explanation {
  const plan = planOf(schema, document, operation);
  return {
    operation: operation.name?.value ?? null,
    type: operation.operation,
    isKept: plan.canBeKept,
    reason: plan.canBeKept ? null : reasonOf(plan, operation),
    plan,
    guarded: guardedOf(schema, visitOperation(schema, document, operation).coordinates),
  };
}

function reasonOf({ decidedBy, policies }: CachePlan, { operation }: OperationDefinitionNode): string {
  if (operation !== OperationTypeNode.QUERY) return `It is a ${operation}: only answers to queries are kept.`;
  if (decidedBy === null) return 'Nothing that it selects has a policy.';
  const said = policies.find(({ coordinate, maxAgeSetBy }) => (maxAgeSetBy ?? coordinate) === decidedBy);
  if (decidedBy.includes('.__')) return 'It asks about the schema itself, and introspection is not kept.';
  if (said?.maxAgeSetBy === null) return `${decidedBy} says nothing about it, and does not inherit.`;
  return `${decidedBy} is not kept: its maxAge is 0.`;
}

function guardedOf(schema: GraphQLSchema, coordinates: ReadonlySet<string>): Guarded[] {
  return [...coordinates].flatMap((coordinate) => {
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const type = schema.getType(typeName);
    const field = type && 'getFields' in type ? type.getFields()[fieldName] : undefined;
    const needs = (field && guardOf(field)) ?? (type && guardOf(type)) ?? null;
    return needs === null ? [] : [{ coordinate, needs }];
  });
}
