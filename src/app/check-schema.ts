import { getVariableValues, Kind, parse, validate, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { declaredTables } from '../db/reads/declared-tables.ts';
import { AppError } from '../errors.ts';
import { explainOperation, type Explanation } from '../graphql/explain-operation.ts';
import { buildSchema } from '../graphql/schema.ts';
import { lintSchema, type Finding } from '../graphql/schema-lint/lint-schema.ts';
import '../modules/index.ts';

export type { Explanation } from '../graphql/explain-operation.ts';
export type { Finding } from '../graphql/schema-lint/lint-schema.ts';

/** What is wrong with the cache policy of our schema. `types`: those that log changes; by default as migrations declare. */
export async function checkSchema(types?: ReadonlySet<string>): Promise<Finding[]> {
  return lintSchema({
    schema: buildSchema(),
    changeLog: { types: types ?? new Set((await declaredTables()).values()) },
  });
}

/** Explains each operation of a document; fails where it is not valid, or its variables are not. */
export function explainDocument(text: string, variables?: Readonly<Record<string, unknown>>): Explanation[] {
  const schema = buildSchema();
  const document = parse(text);
  const errors = validate(schema, document).map(({ message }) => message);
  if (errors.length > 0) throw new AppError('BAD_USER_INPUT', errors.join('\n'));
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  return operations.map((operation) => {
    if (variables) checkVariables(schema, operation, variables);
    return explainOperation(schema, document, operation);
  });
}

function checkVariables(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): void {
  const { errors = [] } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  if (errors.length > 0) throw new AppError('BAD_USER_INPUT', errors.map(({ message }) => message).join('\n'));
}
