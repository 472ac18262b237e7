import {
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { CoordinatePolicy } from './combined.ts';
import { coordinatePolicy, hasSay, possiblePolicies } from './coordinate-policy.ts';
import { neverSelected } from './never-selected.ts';

/** The selections of one place in the answer, which may hold any of these types. */
interface Place {
  readonly types: readonly GraphQLObjectType[];
  /** Whether the field they are selected on is declared PUBLIC: scalars go by it. */
  readonly isPublic: boolean;
}

export interface Visited {
  policies: CoordinatePolicy[];
  /** Whether everything selected is declared PUBLIC. */
  isPublic: boolean;
  /** Every field that is selected, on each type it may be resolved on: `Ticket.title`. */
  coordinates: ReadonlySet<string>;
}

/** Collects what every selected field says, each once. */
export function visitOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Visited {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const spread = new Set<string>();
  const found = new Map<string, CoordinatePolicy>();
  const coordinates = new Set<string>();
  let isPublic = true;

  const visit = ({ selections }: SelectionSetNode, place: Place): void => {
    for (const selection of selections) {
      if (neverSelected(selection)) continue;
      if (selection.kind === Kind.FIELD) visitField(selection, place);
      else visitFragment(selection, place);
    }
  };

  const visitFragment = (selection: Exclude<SelectionNode, FieldNode>, place: Place): void => {
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    const fragment = isSpread ? fragments.get(selection.name.value) : selection;
    if (!fragment) return;
    const types = narrowed(place.types, fragment.typeCondition?.name.value);
    if (isSpread) {
      // Visiting a fragment once for each kind of place keeps nested fragments linear.
      const visited = `${selection.name.value} ${place.isPublic} ${types.map(({ name }) => name).join()}`;
      if (spread.has(visited)) return;
      spread.add(visited);
    }
    visit(fragment.selectionSet, { ...place, types });
  };

  const narrowed = (types: Place['types'], condition: string | undefined): Place['types'] => {
    const type = condition === undefined ? undefined : schema.getType(condition);
    if (!type) return types;
    return types.filter(
      (candidate) => candidate === type || (isAbstractType(type) && schema.isSubType(type, candidate)),
    );
  };

  const visitField = ({ name: { value: name }, selectionSet }: FieldNode, place: Place): void => {
    if (name === '__typename') return;
    const below: { types: Set<GraphQLObjectType>; isPublic: boolean } = { types: new Set(), isPublic: true };
    for (const parent of place.types) {
      const field = parent.getFields()[name];
      if (!field) {
        add(introspection(`${parent.name}.${name}`));
        continue;
      }
      const said = coordinatePolicy(schema, parent, field);
      coordinates.add(said.coordinate);
      const possible = possiblePolicies(schema, said.coordinate, field);
      for (const policy of [said, ...possible]) add(policy);
      const type = getNamedType(field.type);
      for (const each of objectTypes(schema, type)) below.types.add(each);
      const scope = said.policy.scope ?? (isLeafType(type) && place.isPublic ? 'PUBLIC' : 'TENANT');
      below.isPublic &&= scope === 'PUBLIC' && possible.every(({ policy }) => (policy.scope ?? 'PUBLIC') === 'PUBLIC');
    }
    isPublic &&= below.isPublic;
    if (selectionSet) visit(selectionSet, { types: [...below.types], isPublic: below.isPublic });
  };

  const add = (said: CoordinatePolicy): void => {
    if (hasSay(said)) found.set(`${said.coordinate} ${said.maxAgeSetBy} ${said.scopeSetBy}`, said);
  };

  const root = schema.getQueryType();
  if (root) visit(operation.selectionSet, { types: [root], isPublic: false });
  return { policies: [...found.values()], isPublic, coordinates };
}

/** What the schema says about itself is not kept per viewer. */
function introspection(coordinate: string): CoordinatePolicy {
  return {
    coordinate,
    policy: { maxAge: 0 },
    maxAgeSetBy: coordinate,
    scopeSetBy: null,
    needsMaxAge: true,
    isDynamic: false,
  };
}

function objectTypes(schema: GraphQLSchema, type: GraphQLNamedType): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}
