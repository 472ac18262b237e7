import { ApolloServer } from '@apollo/server';
import {
  buildSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql';

const directive = `
  enum CacheControlScope { PUBLIC TENANT PRIVATE }
  directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean, staleWhileRevalidate: Int,
    staleIfError: Int, clientMaxAge: Int) on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
`;

/** A schema from its types alone, with `@cacheControl` defined. */
export function schemaOf(types: string): GraphQLSchema {
  return buildSchema(`${directive}\n${types}`);
}

/**
 * What Apollo Server itself says of an operation, as it says it: `60 PUBLIC`; `none` where the answer is not to be
 * kept. Every field has a value, every list two; an interface or union is the last of its types.
 */
export async function apolloPolicy(schema: GraphQLSchema, operation: string): Promise<string> {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = () => schema.getPossibleTypes(type).at(-1)?.name;
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) field.resolve ??= () => valueOf(field);
  }
  const server = new ApolloServer({ schema, includeStacktraceInErrorResponses: false, logger: silent });
  const { http, body } = await server.executeOperation({ query: operation });
  await server.stop();
  if (body.kind !== 'single' || body.singleResult.errors) {
    throw new Error(`Apollo Server cannot run ${operation}: ${JSON.stringify(body)}`);
  }
  const [, maxAge, scope] = /^max-age=(\d+), (\w+)$/.exec(http.headers.get('cache-control') ?? '') ?? [];
  return maxAge && scope ? `${maxAge} ${scope.toUpperCase()}` : 'none';
}

/** What a resolver answers that has no more to say: an empty object, or two. */
export function valueOf(field: GraphQLField<unknown, unknown>): unknown {
  const one = isLeafType(getNamedType(field.type)) ? '1' : {};
  return isListType(getNullableType(field.type)) ? [one, one] : one;
}

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };
