import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/**
 * Whether the client asks for this field of what is being resolved, by its path from there: `('purged', 'tags')`. A
 * field behind @skip or @include counts as asked for: fetching too much is safe.
 */
export function selects(info: GraphQLResolveInfo, ...path: [string, ...string[]]): boolean {
  const has = (set: SelectionSetNode | undefined, [name, ...rest]: readonly (string | undefined)[]): boolean =>
    !!set?.selections.some((selection) => {
      if (selection.kind === Kind.FIELD) {
        return selection.name.value === name && (rest.length === 0 || has(selection.selectionSet, rest));
      }
      const isInline = selection.kind === Kind.INLINE_FRAGMENT;
      const fragment = isInline ? selection : info.fragments[selection.name.value];
      return has(fragment?.selectionSet, [name, ...rest]);
    });
  return info.fieldNodes.some((node) => has(node.selectionSet, path));
}
