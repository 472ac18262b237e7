import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  Kind,
  OperationTypeNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import type { CacheControl } from './cache-control.ts';

/** What the schema says about the answer to one operation, before it is run. */
export interface CachePlan {
  /** Seconds it may be kept; 0: not at all. */
  readonly maxAgeS: number;
  /** Whether something selected belongs to the viewer alone. */
  readonly isPrivate: boolean;
  /** The coordinate that set `maxAgeS`, `Query.dashboard`; null where nothing did. */
  readonly decidedBy: string | null;
}

const notKept = (decidedBy: string | null): CachePlan => ({ maxAgeS: 0, isPrivate: false, decidedBy });

/**
 * The policy of an operation: the shortest of those of its root fields and of everything selected below that has one.
 * A root field without a policy is not kept; what is nested without one goes by its parent's.
 */
export function planOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): CachePlan {
  const root = schema.getQueryType();
  if (operation.operation !== OperationTypeNode.QUERY || !root) return notKept(null);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const planner = new Planner(schema, fragments);
  planner.visit(root, operation.selectionSet, true);
  return planner.plan();
}

class Planner {
  readonly #schema: GraphQLSchema;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #visited = new Set<string>();
  #maxAgeS = Number.POSITIVE_INFINITY;
  #decidedBy: string | null = null;
  #isPrivate = false;

  constructor(schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#schema = schema;
    this.#fragments = fragments;
  }

  plan(): CachePlan {
    if (!Number.isFinite(this.#maxAgeS)) return notKept(null);
    return { maxAgeS: this.#maxAgeS, isPrivate: this.#isPrivate, decidedBy: this.#decidedBy };
  }

  visit(parent: GraphQLNamedType, selections: SelectionSetNode, isRoot: boolean): void {
    for (const selection of selections.selections) {
      if (selection.kind === Kind.FIELD) {
        this.#visitField(parent, selection.name.value, selection.selectionSet, isRoot);
        continue;
      }
      const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
      const fragment = isSpread ? this.#fragments.get(selection.name.value) : selection;
      if (!fragment) continue;
      // A fragment has the same policy wherever it is spread; visiting it once keeps nested fragments linear.
      if (isSpread && this.#visited.has(`${isRoot}:${selection.name.value}`)) continue;
      if (isSpread) this.#visited.add(`${isRoot}:${selection.name.value}`);
      const condition = fragment.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
      this.visit(condition ?? parent, fragment.selectionSet, isRoot);
    }
  }

  #visitField(parent: GraphQLNamedType, name: string, selections: SelectionSetNode | undefined, isRoot: boolean): void {
    if (name === '__typename') return;
    const coordinate = `${parent.name}.${name}`;
    if (name === '__schema' || name === '__type') return this.#limit({ maxAge: 0 }, coordinate);
    const field = 'getFields' in parent ? parent.getFields()[name] : undefined;
    if (!field) return;
    const type = getNamedType(field.type);
    const policies = [policyOf(field), ...(isCompositeType(type) ? [policyOf(type)] : [])].filter(
      (policy) => policy !== undefined,
    );
    if (isRoot && !policies.some(({ maxAge }) => maxAge !== undefined)) this.#limit({ maxAge: 0 }, coordinate);
    for (const policy of policies) this.#limit(policy, coordinate);
    if (isAbstractType(type)) {
      // What may come out of an interface or union may be any of its types: the strictest of them counts.
      for (const possible of this.#schema.getPossibleTypes(type)) {
        const policy = policyOf(possible);
        if (policy) this.#limit(policy, possible.name);
      }
    }
    if (selections) this.visit(type, selections, false);
  }

  #limit({ maxAge, scope }: CacheControl, coordinate: string): void {
    if (scope === 'PRIVATE') this.#isPrivate = true;
    if (maxAge === undefined || maxAge >= this.#maxAgeS) return;
    this.#maxAgeS = maxAge;
    this.#decidedBy = coordinate;
  }
}

/** The policy an author gave a type or field; undefined without one. */
export function policyOf(carrier: { extensions: Readonly<Record<string, unknown>> }): CacheControl | undefined {
  return carrier.extensions['cacheControl'] as CacheControl | undefined;
}
