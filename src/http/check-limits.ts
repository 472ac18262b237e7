import { getOperationAST, getVariableValues, GraphQLError, Kind, type DocumentNode, type GraphQLSchema } from 'graphql';
import { sizeOf } from './document-size.ts';
import type { Limits } from './limits.ts';
import { costOf } from './operation-cost.ts';

/** The first limit the document exceeds by its text alone; null where it keeps to all of them. */
export function checkSize(document: DocumentNode, limits: Limits): GraphQLError | null {
  const size = sizeOf(document);
  for (const name of ['depth', 'fields', 'aliases', 'directives'] as const) {
    if (size[name] > limits[name]) return limitExceeded(name, size[name], limits);
  }
  return null;
}

export interface ExecutionInput {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName?: string | null;
  variableValues?: Record<string, unknown> | null;
}

/** Whether the answer to a valid operation, with these variables, may come to hold too much. */
export function checkCost(
  { schema, document, operationName, variableValues }: ExecutionInput,
  limits: Limits,
): GraphQLError | null {
  const operation = getOperationAST(document, operationName);
  if (!operation) return null; // execution says so
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (!coerced) return null; // execution says which variable is wrong
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  const cost = costOf({ schema, operation, fragments, variables: coerced });
  return cost > limits.cost ? limitExceeded('cost', cost, limits) : null;
}

function limitExceeded(name: 'depth' | 'fields' | 'aliases' | 'directives' | 'cost', value: number, limits: Limits) {
  return new GraphQLError(
    `The operation exceeds the limit "${name}": it has ${value}, at most ${limits[name]}. Ask for less.`,
    {
      extensions: { code: 'LIMIT_EXCEEDED', limit: name },
    },
  );
}
