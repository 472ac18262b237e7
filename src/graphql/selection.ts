import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/**
 * Whether the client asks for this field of what is being resolved, at the first level. A field behind @skip or
 * @include counts as asked for: fetching too much is safe.
 */
export function selects(info: GraphQLResolveInfo, fieldName: string): boolean {
  const has = (set: SelectionSetNode | undefined): boolean =>
    !!set?.selections.some((selection) => {
      if (selection.kind === Kind.FIELD) return selection.name.value === fieldName;
      if (selection.kind === Kind.INLINE_FRAGMENT) return has(selection.selectionSet);
      return has(info.fragments[selection.name.value]?.selectionSet);
    });
  return info.fieldNodes.some((node) => has(node.selectionSet));
}
