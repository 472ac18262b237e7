import { getOperationAST, getVariableValues, GraphQLError, GraphQLInt, valueFromAST, visit } from 'graphql';
import type { ExecutionInput } from './check-limits.ts';
import { isIncremental } from './incremental.ts';

/**
 * The first `@stream` of a valid document that is to begin with no possible number of entries; null where there is
 * none. The executor takes it for a mistake of its own.
 */
export function checkStreams(asked: ExecutionInput): GraphQLError | null {
  const { schema, document, operationName, variableValues } = asked;
  const operation = isIncremental(document) ? getOperationAST(document, operationName) : null;
  if (!operation) return null;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (!coerced) return null; // execution says which variable is wrong
  const wrong: GraphQLError[] = [];
  visit(document, {
    Directive(node) {
      const sent = node.arguments?.find(({ name }) => name.value === 'initialCount')?.value;
      const count = node.name.value === 'stream' && sent ? valueFromAST(sent, GraphQLInt, coerced) : undefined;
      if (count === undefined || (count !== null && Number(count) >= 0)) return; // undefined: left out, so 0
      wrong.push(new GraphQLError('initialCount: Send @stream a number, 0 or more.', { nodes: node }));
    },
  });
  return wrong[0] ?? null;
}
