import type { GraphQLResolveInfo } from 'graphql';

/**
 * Of a parent only what the key of a value tells: all of it, or what is named. Whatever else the resolver asked for, the
 * value might depend on and not be known to.
 */
export function narrowParent(parent: unknown, coordinate: string, names: readonly string[] | undefined): unknown {
  if (!names) return parent;
  const source = Object(parent) as Record<string, unknown>;
  const seen = Object.fromEntries(names.map((name) => [name, source[name]]));
  return new Proxy(seen, {
    get(target, name, receiver) {
      if (typeof name === 'string' && !(name in target) && name in source) {
        throw new Error(
          `${coordinate} is cached by ${names.join(', ')} of its parent: add "${name}" to cached.parent.`,
        );
      }
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}

/** What tells one request for the same field from another. */
const ofTheRequest = ['fieldNodes', 'fragments', 'operation', 'variableValues', 'path', 'rootValue'] as const;

/** Of what GraphQL tells a resolver only what is the same for every request. */
export function narrowInfo(info: GraphQLResolveInfo, coordinate: string): GraphQLResolveInfo {
  const refusing = ofTheRequest.map((name): [string, PropertyDescriptor] => [
    name,
    {
      get() {
        throw new Error(
          `${coordinate} is cached, for every request alike: it cannot be made from info.${name}. Leave out cached.`,
        );
      },
    },
  ]);
  return Object.create(info, Object.fromEntries(refusing)) as GraphQLResolveInfo;
}
