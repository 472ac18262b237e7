import { DirectiveLocation, GraphQLBoolean, GraphQLDirective, GraphQLEnumType, GraphQLInt } from 'graphql';
import type { CacheControl } from './policy.ts';

const scopeType = new GraphQLEnumType({
  name: 'CacheControlScope',
  description: 'Who may share a cached answer.',
  values: {
    PUBLIC: { description: 'Everybody, in every tenant.' },
    TENANT: { description: 'Those in the tenant who may see the same.' },
    PRIVATE: { description: 'Nobody else.' },
  },
});

/** The directive that shows the policy in the schema. */
export const cacheControlDirective = new GraphQLDirective({
  name: 'cacheControl',
  description: 'How long an answer may be kept where nothing that it depends on changes.',
  locations: [
    DirectiveLocation.FIELD_DEFINITION,
    DirectiveLocation.OBJECT,
    DirectiveLocation.INTERFACE,
    DirectiveLocation.UNION,
  ],
  args: {
    maxAge: { type: GraphQLInt, description: 'Seconds; 0: not at all.' },
    scope: { type: scopeType, description: 'Who may share it, at most.' },
    inheritMaxAge: { type: GraphQLBoolean, description: "true: the parent's maxAge counts." },
    staleWhileRevalidate: {
      type: GraphQLInt,
      description: 'Seconds after maxAge for which it is served, marked STALE, while it is made anew.',
    },
    staleIfError: {
      type: GraphQLInt,
      description: 'Seconds after maxAge for which it is served, marked STALE, where making it anew fails.',
    },
    clientMaxAge: {
      type: GraphQLInt,
      description: 'Seconds for which clients may keep it without asking; caches on the way too, where it is PUBLIC.',
    },
  },
});

/** What of a policy the directive shows. */
export function directiveArguments(policy: CacheControl): Partial<CacheControl> {
  return Object.fromEntries(
    cacheControlDirective.args
      .map(({ name }): [string, unknown] => [name, policy[name as keyof CacheControl]])
      .filter(([, value]) => value !== undefined && value !== false),
  );
}
