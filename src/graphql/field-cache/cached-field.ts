import {
  BasePlugin,
  default as PothosSchemaBuilder,
  type PothosOutputFieldConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type { Context } from '../context.ts';
import { checkCached, isForOnePerson } from './check-cached.ts';
import { narrowInfo, narrowParent } from './narrow.ts';

/** Keeps the resolved value of a field by itself, so that different queries share it. */
export interface CachedOptions<Parent> {
  /** Seconds it may be kept where nothing it depends on changes. @default the maxAge of the field's cacheControl */
  maxAge?: number;
  /**
   * What the resolver needs of its parent, by name, as plain data: it sees no more of it, and values of parents alike in
   * these are one. @default all of it; nothing for root fields
   */
  parent?: readonly (keyof Parent & string)[];
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
       * select. Its scope and what it depends on are derived; the value must be plain data (rows, ids, dates), and may
       * not depend on what is selected of it.
       */
      cached?: true | CachedOptions<ParentShape>;
    }
  }
}

class CachedFieldPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  /** Fields of these coordinates are cached, once the schema is built: whether for one person alone. */
  readonly #isPrivate = new Map<string, boolean>();

  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    const { cached, cacheControl } = config.pothosOptions;
    if (!cached) return resolve;
    const declared = `${config.parentType}.${config.name}`;
    const { maxAge = cacheControl?.maxAge, parent: names } = (cached === true ? {} : cached) as CachedOptions<unknown>;
    checkCached(declared, { maxAgeS: maxAge, kind: config.kind, isDynamic: cacheControl?.dynamic ?? false });
    const maxAgeS = Number(maxAge);
    this.#isPrivate.set(declared, false);
    return (parent, args, context, info) => {
      const { fieldCache } = context as Context;
      // Kept or not, it sees the same: what a kept value must not be made from is refused at once.
      const seen = config.kind === 'Query' ? null : narrowParent(parent, declared, names);
      const narrowed = narrowInfo(info, declared);
      if (!fieldCache) return resolve(seen, args, context, narrowed);
      return fieldCache.resolve({
        coordinate: `${info.parentType.name}.${config.name}`, // of an interface: as each type has it
        parent: seen,
        args,
        maxAgeS,
        isPrivate: this.#isPrivate.get(declared),
        isBatched: true,
        resolve: (part) => resolve(seen, args, part.context, narrowed),
      });
    };
  }

  override afterBuild(schema: GraphQLSchema): GraphQLSchema {
    for (const coordinate of this.#isPrivate.keys()) {
      this.#isPrivate.set(coordinate, isForOnePerson(schema, coordinate));
    }
    return schema;
  }
}

export const cachedFieldPlugin = 'cachedField';
PothosSchemaBuilder.registerPlugin(cachedFieldPlugin, CachedFieldPlugin);
