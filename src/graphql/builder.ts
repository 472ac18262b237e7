import SchemaBuilder from '@pothos/core';
import DirectivesPlugin from '@pothos/plugin-directives';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin, { type AuthFailure } from '@pothos/plugin-scope-auth';
import { cacheControlPlugin } from './cache-control.ts';
import { cachedFieldPlugin } from './field-cache/cached-field.ts';
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from '../errors.ts';
import type { Context } from './context.ts';
import { decodeGlobalId, encodeGlobalId } from './global-id.ts';
import type { Objects } from './objects.ts';
import type { Permission } from './viewer.ts';

export interface SchemaTypes {
  Context: Context;
  Objects: Objects;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    /** A calendar day, `2026-11-20`. */
    Date: { Input: string; Output: string };
    JSON: { Input: unknown; Output: unknown };
  };
  AuthScopes: {
    /** The viewer has this permission, at whatever reach. */
    permission: Permission;
    /** The viewer has this permission for the whole tenant. */
    permissionEverywhere: Permission;
  };
  Connection: {
    /** Counts every match, not only this page; runs only when it is selected. */
    totalCount: number | (() => Promise<number>);
  };
  DefaultFieldNullability: false;
  DefaultEdgesNullability: { list: false; items: false };
  DefaultNodeNullability: false;
}

/** Defines no type of its own: each module adds some. Types, queries and mutations of one noun live in one folder. */
export const builder = new SchemaBuilder<SchemaTypes>({
  // Errors first, so that what the later plugins throw becomes a typed result where a field promises one.
  // Cache control last: what it adds to types and fields is then seen by the plugin that prints directives.
  plugins: [ErrorsPlugin, ScopeAuthPlugin, RelayPlugin, DirectivesPlugin, cacheControlPlugin, cachedFieldPlugin],
  defaultFieldNullability: false,
  directives: { useGraphQLToolsUnorderedDirectives: true }, // the form that the printer of the SDL reads
  cacheControl: { typesInherit: true }, // docs/decisions/0010-types-inherit-their-max-age.md
  scopeAuth: {
    authScopes: (context) => ({
      permission: (permission) => context.viewer.permissions.has(permission),
      permissionEverywhere: (permission) => context.viewer.permissions.get(permission) === 'any',
    }),
    unauthorizedError: (_parent, _context, { parentType, fieldName }, { failure }) =>
      new ForbiddenError(`You may not use ${parentType.name}.${fieldName}${whatItNeeds(failure)}.`),
  },
  errors: {
    directResult: true,
    defaultTypes: [ValidationError, NotFoundError, ConflictError, ForbiddenError],
    defaultUnionOptions: {
      description: 'What the mutation did, or why it did not.',
      name: ({ fieldName }) => `${fieldName[0]?.toUpperCase()}${fieldName.slice(1)}Result`,
    },
  },
  relay: {
    clientMutationId: 'optional',
    cursorType: 'String',
    encodeGlobalID: (typename, id) => encodeGlobalId(typename, String(id)),
    decodeGlobalID: decodeGlobalId,
    nodeQueryOptions: {
      cacheControl: { maxAge: 300 },
      description: 'Any object by its global id; null where there is none that you may see.',
      args: { id: { description: 'The global id, as `id` fields answer it.' } },
    },
    nodesQueryOptions: {
      cacheControl: { maxAge: 300 },
      description: 'Objects by their global ids, in the same order; null where there is none.',
      args: { ids: { description: 'Global ids, as `id` fields answer them.' } },
    },
    idFieldOptions: { description: 'Globally unique, opaque, and the same for ever: `node` finds the object by it.' },
    nodeTypeOptions: { description: 'An object with a globally unique id.' },
    firstArgOptions: { description: 'How many from the start of the list, at most 100; 20 where neither is sent.' },
    lastArgOptions: { description: 'How many from the end of the list, at most 100.' },
    afterArgOptions: { description: 'Only what comes after this cursor.' },
    beforeArgOptions: { description: 'Only what comes before this cursor.' },
    edgesFieldOptions: { description: 'The page, in order.' },
    pageInfoFieldOptions: { description: 'Where this page stands in the list.' },
    cursorFieldOptions: { description: 'Where this entry stands: send it as `after` or `before`.' },
    nodeFieldOptions: { description: 'The entry itself.' },
    mutationInputArgOptions: { description: 'What to do.' },
    clientMutationIdInputOptions: { description: 'Anything; it comes back in the payload.' },
    clientMutationIdFieldOptions: { description: 'What the input said.' },
    defaultConnectionTypeOptions: { description: 'One page of a list.' },
    defaultEdgeTypeOptions: { description: 'One entry of a page.' },
    defaultPayloadTypeOptions: { description: 'What the mutation did.' },
    pageInfoTypeOptions: { description: 'Where a page stands in its connection.' },
    hasNextPageFieldOptions: { description: 'Whether anything comes after this page.' },
    hasPreviousPageFieldOptions: { description: 'Whether anything comes before this page.' },
    startCursorFieldOptions: { description: 'Send it as `before` for the page before; null where the page is empty.' },
    endCursorFieldOptions: { description: 'Send it as `after` for the page after; null where the page is empty.' },
  },
});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are in all, on every page.',
    resolve: ({ totalCount }) => (typeof totalCount === 'function' ? totalCount() : totalCount),
  }),
);

/** Tells an administrator what to give, where it is one permission that is lacking. */
function whatItNeeds(failure: AuthFailure): string {
  if ('failures' in failure)
    return failure.failures.length === 1 && failure.failures[0] ? whatItNeeds(failure.failures[0]) : '';
  if (!('parameter' in failure)) return '';
  const everywhere = failure.scope === 'permissionEverywhere' ? ' for the whole tenant' : '';
  return `: it needs the permission ${String(failure.parameter)}${everywhere}`;
}
