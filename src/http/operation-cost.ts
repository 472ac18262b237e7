import {
  getNamedType,
  getNullableType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type ValueNode,
} from 'graphql';

export interface OperationInput {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  fragments: readonly FragmentDefinitionNode[];
  /** Coerced or as they came: only numbers and the lengths of lists are looked at. */
  variables: Readonly<Record<string, unknown>>;
}

/** How many entries a list is taken to have where no argument says. */
const listSize = 10;
const pageSize = 20;
const maxPageSize = 100;
/** Few lists of a schema are longer, but that of its types. With this, tools may ask for all of it twice. */
const introspectionListSize = 7;
const introspection: Readonly<Record<string, GraphQLField<unknown, unknown>>> = {
  __schema: SchemaMetaFieldDef,
  __type: TypeMetaFieldDef,
};

/**
 * How many values the answer of a valid operation may come to hold: each field counts one, times the length of the
 * lists it stands in. A page is as long as `first` or `last` say, a list by ids as long as the ids. Introspection reads
 * no row and is made at once, while everybody else waits: it counts too.
 */
export function costOf({ schema, operation, fragments, variables }: OperationInput): number {
  const byName = new Map(fragments.map((fragment) => [fragment.name.value, fragment]));

  const ofSelection = (selection: SelectionNode, parent: GraphQLCompositeType): number => {
    if (selection.kind === Kind.FIELD) return ofField(selection, parent);
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? byName.get(selection.name.value) : selection;
    const condition = fragment?.typeCondition && schema.getType(fragment.typeCondition.name.value);
    return fragment ? ofAll(fragment.selectionSet.selections, isCompositeType(condition) ? condition : parent) : 0;
  };
  const ofAll = (selections: readonly SelectionNode[], parent: GraphQLCompositeType): number =>
    selections.reduce((sum, selection) => sum + ofSelection(selection, parent), 0);
  const ofField = (node: FieldNode, parent: GraphQLCompositeType): number => {
    const { value: name } = node.name;
    const own = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const field = own ?? introspection[name];
    if (!field) return 1; // __typename
    const type = getNamedType(field.type);
    const inner = node.selectionSet && isCompositeType(type) ? ofAll(node.selectionSet.selections, type) : 0;
    return 1 + multiplierOf(field, node, variables) * (inner || (isList(field) ? 1 : 0));
  };

  const root = schema.getRootType(operation.operation);
  return root ? ofAll(operation.selectionSet.selections, root) : 0;
}

function multiplierOf(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  variables: OperationInput['variables'],
): number {
  const takes = (name: string) => field.args.some((argument) => argument.name === name);
  const sent = (name: string) =>
    valueOf(node.arguments?.find((argument) => argument.name.value === name)?.value, variables);
  if (takes('first') || takes('last')) {
    const size = [sent('first'), sent('last')].find((value) => typeof value === 'number');
    return Math.min(Math.max(size ?? pageSize, 1), maxPageSize);
  }
  if (!isList(field) || node.name.value === 'edges') return 1; // the connection has counted its edges
  if (getNamedType(field.type).name.startsWith('__')) return introspectionListSize;
  const lists = field.args.map(({ name }) => sent(name)).filter((value) => Array.isArray(value));
  return lists.length > 0 ? Math.max(...lists.map((list) => list.length)) : listSize;
}

function isList(field: GraphQLField<unknown, unknown>): boolean {
  return isListType(getNullableType(field.type));
}

function valueOf(value: ValueNode | undefined, variables: OperationInput['variables']): unknown {
  if (value?.kind === Kind.VARIABLE) return variables[value.name.value];
  if (value?.kind === Kind.INT) return Number(value.value);
  if (value?.kind === Kind.LIST) return value.values;
  return undefined;
}
