import { GraphQLDeferDirective, GraphQLStreamDirective } from '@graphql-tools/utils';
import { specifiedDirectives, type GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';
import { cacheControlDirective } from './cache-control.ts';
import './error-types.ts';
import './scalars.ts';

builder.queryType({ description: 'Everything that can be read.' });
builder.mutationType({ description: 'Everything that can be changed. Each answers its payload or a typed error.' });

/** The schema of all the modules imported so far. */
export function buildSchema(): GraphQLSchema {
  const directives = [...specifiedDirectives, GraphQLDeferDirective, GraphQLStreamDirective, cacheControlDirective];
  return builder.toSchema({ directives });
}
