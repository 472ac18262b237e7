import { Kind, visit, type DocumentNode } from 'graphql';

const builtInScalars = new Set(['ID', 'String', 'Int', 'Float', 'Boolean']);
const builtInDirectives = new Set(['skip', 'include']);
const fragments = new Set<string>([Kind.FRAGMENT_DEFINITION, Kind.INLINE_FRAGMENT]);
const rootTypes = new Set(['Query', 'Mutation']);

/**
 * Whether a document may be answered without a token: it selects `__typename` at the root and nothing else, and
 * names nothing of the schema besides, so that not even a validation message can be asked for what exists.
 */
export function asksOnlyTypename(document: DocumentNode): boolean {
  let only = true;
  const refuseUnless = (harmless: boolean) => {
    only &&= harmless;
  };
  visit(document, {
    Field: ({ name, arguments: args }) => refuseUnless(name.value === '__typename' && !args?.length),
    Directive: ({ name }) => refuseUnless(builtInDirectives.has(name.value)),
    NamedType: ({ name }, _key, parent) => {
      const inFragment = parent && 'kind' in parent && fragments.has(parent.kind);
      refuseUnless((inFragment ? rootTypes : builtInScalars).has(name.value));
    },
    enter: ({ kind }) => refuseUnless(!kind.endsWith('TypeDefinition') && !kind.endsWith('Extension')),
  });
  return only;
}
