import {
  BasePlugin,
  default as PothosSchemaBuilder,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import type { Context } from '../context.ts';

/** Keeps the resolved value of a field by itself, so that different queries share it. */
export interface CachedOptions<Parent> {
  /** Seconds it may be kept where nothing it depends on changes. @default the maxAge of the field's cacheControl */
  maxAge?: number;
  /** What tells one parent from another, as plain data. @default the parent's `id`; nothing for root fields */
  parent?: (parent: Parent) => unknown;
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how Pothos plugins add options
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      cachedField: CachedFieldPlugin<Types>;
    }
    interface FieldOptions<Types, ParentShape, Type, Nullable, Args, ResolveShape, ResolveReturnShape> {
      /**
       * Keeps the value of this field by itself: computed once for all queries that select it, whatever else they
       * select. Its scope and what it depends on are derived; the value must be plain data (rows, ids, dates).
       */
      cached?: true | CachedOptions<ParentShape>;
    }
  }
}

class CachedFieldPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const options = config.pothosOptions.cached;
    if (!options) return resolve;
    const coordinate = `${config.parentType}.${config.name}`;
    const { maxAge, parent: identify } = (options === true ? {} : options) as CachedOptions<unknown>;
    const maxAgeS = maxAge ?? config.pothosOptions.cacheControl?.maxAge;
    if (maxAgeS === undefined || !Number.isInteger(maxAgeS) || maxAgeS <= 0) {
      throw new Error(`${coordinate} is cached, but not for how long: write cached: { maxAge: <seconds> }.`);
    }
    const isRoot = config.kind === 'Query';
    return (parent, args, context, info) => {
      const { fieldCache } = context as Context;
      if (!fieldCache) return resolve(parent, args, context, info);
      return fieldCache.resolve({
        coordinate,
        parent: identify ? identify(parent) : isRoot ? null : idOf(parent, coordinate),
        args,
        maxAgeS,
        resolve: (part) => resolve(parent, args, part.context, info),
      });
    };
  }
}

function idOf(parent: unknown, coordinate: string): unknown {
  const id = (parent as { id?: unknown } | null | undefined)?.id;
  if (typeof id === 'string' || typeof id === 'number') return id;
  throw new Error(
    `${coordinate} is cached, but its parent has no id: write cached: { parent: (it) => <what tells it> }.`,
  );
}

export const cachedFieldPlugin = 'cachedField';
PothosSchemaBuilder.registerPlugin(cachedFieldPlugin, CachedFieldPlugin);
