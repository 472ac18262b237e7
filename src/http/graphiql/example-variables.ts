import { Kind, type OperationDefinitionNode, type TypeNode } from 'graphql';

/** Something to start from for each variable that must be sent; null where none must. */
export function exampleVariables(operation: OperationDefinitionNode, now: Date): Record<string, unknown> | null {
  const required = (operation.variableDefinitions ?? []).filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
  if (required.length === 0) return null;
  return Object.fromEntries(
    required.map(({ variable, type }) => [variable.name.value, example(variable.name.value, typeName(type), now)]),
  );
}

function example(name: string, type: string, now: Date): unknown {
  if (type === 'Date') return day(now, name === 'from' ? -7 : 0);
  if (type === 'Int') return { year: now.getUTCFullYear(), month: now.getUTCMonth() + 1 }[name] ?? 10;
  if (type === 'ID' || type === 'String') return '';
  return {}; // an input: the editor completes its fields
}

function typeName(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : typeName(type.type);
}

function day(now: Date, offset: number): string {
  return new Date(now.getTime() + offset * 86_400_000).toISOString().slice(0, 10);
}
