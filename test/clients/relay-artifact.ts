import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  Kind,
  parse,
  type GraphQLCompositeType,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { ConcreteRequest } from 'relay-runtime';
import { appSchema } from './app-schema.ts';

/**
 * What Relay's compiler makes of a document, as far as the documents of these tests need it: fields, variables, inline
 * fragments and `@defer`. The text is to be as that compiler prints it: with ids, `__typename`, labels, and
 * `__isName: __typename` in fragments on abstract types. With an id the text stays at home.
 */
export function relayArtifact(text: string, id: string | null = null): ConcreteRequest {
  const operation = parse(text).definitions[0] as OperationDefinitionNode;
  const name = operation.name?.value ?? '';
  const root = appSchema.getRootType(operation.operation)!;
  const selections = selectionsOf(operation.selectionSet, root);
  const variables = operation.variableDefinitions?.map(({ variable }) => variable.name.value) ?? [];
  const argumentDefinitions = variables.map((variable) => ({
    kind: 'LocalArgument' as const,
    name: variable,
    defaultValue: null,
  }));
  const common = { name, operationKind: operation.operation, metadata: {} };
  const artifact = {
    kind: 'Request',
    fragment: {
      kind: 'Fragment',
      name,
      type: root.name,
      abstractKey: null,
      metadata: null,
      argumentDefinitions,
      selections,
    },
    operation: { kind: 'Operation', name, argumentDefinitions, selections },
    params: id === null ? { ...common, id, cacheID: text, text } : { ...common, id, text: null },
  };
  return artifact as unknown as ConcreteRequest;
}

function selectionsOf({ selections }: SelectionSetNode, parent: GraphQLCompositeType): object[] {
  return selections.map((selection) => selectionOf(selection, parent));
}

function selectionOf(selection: SelectionNode, parent: GraphQLCompositeType): object {
  if (selection.kind === Kind.FRAGMENT_SPREAD) throw new Error('Write fragments inline here.');
  if (selection.kind === Kind.INLINE_FRAGMENT) {
    const condition = selection.typeCondition?.name.value;
    const type = condition ? (appSchema.getType(condition) as GraphQLCompositeType) : parent;
    const selections = selectionsOf(selection.selectionSet, type);
    const label = selection.directives?.find(({ name }) => name.value === 'defer')?.arguments?.[0]?.value;
    if (label?.kind === Kind.STRING) return { kind: 'Defer', if: null, label: label.value, selections };
    return {
      kind: 'InlineFragment',
      type: type.name,
      abstractKey: isAbstractType(type) ? `__is${type.name}` : null,
      selections,
    };
  }
  const field = {
    name: selection.name.value,
    alias: selection.alias?.value ?? null,
    args: selection.arguments?.length ? selection.arguments.map(argumentOf) : null,
    storageKey: null,
  };
  if (!selection.selectionSet) return { kind: 'ScalarField', ...field };
  const { type } = (isObjectType(parent) || 'getFields' in parent ? parent.getFields()[field.name] : undefined)!;
  const named = getNamedType(type) as GraphQLCompositeType;
  return {
    kind: 'LinkedField',
    ...field,
    concreteType: isObjectType(named) ? named.name : null,
    plural: isListType(getNullableType(type)),
    selections: selectionsOf(selection.selectionSet, named),
  };
}

function argumentOf({ name, value }: { name: { value: string }; value: { kind: Kind } }): object {
  if (value.kind === Kind.VARIABLE) {
    return { kind: 'Variable', name: name.value, variableName: (value as { name?: { value: string } }).name?.value };
  }
  const { value: literal } = value as { value?: unknown };
  return { kind: 'Literal', name: name.value, value: value.kind === Kind.INT ? Number(literal) : literal };
}
