import {
  BasePlugin,
  default as PothosSchemaBuilder,
  type PothosInterfaceTypeConfig,
  type PothosObjectTypeConfig,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type PothosUnionTypeConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { checkPolicy } from './cache-control/check-policy.ts';
import { describePolicy } from './cache-control/describe-policy.ts';
import { directiveArguments } from './cache-control/directive.ts';
import type { CacheHints, WithCacheControl } from './cache-control/hints.ts';
import { letTypesInherit } from './cache-control/let-types-inherit.ts';
import type { CacheControl, FieldCacheControl } from './cache-control/policy.ts';

export { cacheControlDirective } from './cache-control/directive.ts';
export { cacheControlFromInfo } from './cache-control/hints.ts';
export type { CacheControl, CacheScope, FieldCacheControl } from './cache-control/policy.ts';

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how Pothos plugins add options
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      cacheControl: CacheControlPlugin<Types>;
    }
    interface SchemaBuilderOptions<Types extends SchemaTypes> {
      cacheControl?: {
        /**
         * Whether object types, interfaces and unions without a `maxAge` inherit their parent's, and say so in the
         * SDL. Otherwise a field that returns one is not kept unless it says so itself. @default false
         */
        typesInherit?: boolean;
      };
    }
    interface FieldOptions<Types, ParentShape, Type, Nullable, Args, ResolveShape, ResolveReturnShape> {
      /** How long answers that contain this field may be kept. */
      cacheControl?: FieldCacheControl;
    }
    interface BaseTypeOptions<Types> {
      /** How long answers that contain this type may be kept, unless the field says otherwise. */
      cacheControl?: CacheControl;
    }
  }
}

/** Carries `cacheControl` from the options of a type or field to its extensions, for the plan, and to its directives. */
class CacheControlPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    return withPolicy(config, `${config.parentType}.${config.name}`, config.pothosOptions.cacheControl);
  }

  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    if (config.kind !== 'Object' && config.kind !== 'Interface' && config.kind !== 'Union') return config;
    const carrying: PothosObjectTypeConfig | PothosInterfaceTypeConfig | PothosUnionTypeConfig = config;
    const policy = (config.pothosOptions as { cacheControl?: CacheControl }).cacheControl;
    return withPolicy(carrying, config.name, policy);
  }

  /** Lets the resolver of a field that asked for it say more about its result. No other is touched. */
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    config: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (!config.pothosOptions.cacheControl?.dynamic) return resolve;
    return (parent, args, context, info) => {
      const { cacheHints } = context as { cacheHints: CacheHints };
      // Opened even if nothing will be said: another time this field is resolved it may be.
      (info as WithCacheControl).cacheControl = cacheHints.open(`${info.parentType.name}.${info.fieldName}`);
      return resolve(parent, args, context, info);
    };
  }

  override afterBuild(schema: GraphQLSchema): GraphQLSchema {
    if (this.builder.options.cacheControl?.typesInherit) letTypesInherit(schema);
    return schema;
  }
}

interface Carrying {
  description?: string | null | undefined;
  extensions?: Readonly<Record<string, unknown>> | null;
}

function withPolicy<Config extends Carrying>(config: Config, coordinate: string, policy?: FieldCacheControl): Config {
  if (!policy) return config;
  checkPolicy(policy, coordinate);
  const directives = {
    ...(config.extensions?.['directives'] as object | undefined),
    cacheControl: directiveArguments(policy),
  };
  return {
    ...config,
    description: [config.description, describePolicy(policy)].filter(Boolean).join(' '),
    extensions: { ...config.extensions, cacheControl: policy, directives },
  };
}

export const cacheControlPlugin = 'cacheControl';
PothosSchemaBuilder.registerPlugin(cacheControlPlugin, CacheControlPlugin);
