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
import { DirectiveLocation, GraphQLDirective, GraphQLEnumType, GraphQLInt } from 'graphql';

export type CacheScope = 'PUBLIC' | 'TENANT' | 'PRIVATE';

/** How long an answer may be kept, at most, where nothing it depends on changes. */
export interface CacheControl {
  /** Seconds; 0: an answer that contains this is not kept. */
  maxAge?: number;
  /** Who may share it, at most: what the answer was seen to depend on narrows it further. @default 'TENANT' */
  scope?: CacheScope;
}

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- how Pothos plugins add options
  export namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      cacheControl: CacheControlPlugin<Types>;
    }
    interface FieldOptions<Types, ParentShape, Type, Nullable, Args, ResolveShape, ResolveReturnShape> {
      /** How long answers that contain this field may be kept. */
      cacheControl?: CacheControl;
    }
    interface BaseTypeOptions<Types> {
      /** How long answers that contain this type may be kept. */
      cacheControl?: CacheControl;
    }
  }
}

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
  },
});

/** Carries `cacheControl` from the options of a type or field to its extensions, for the plan, and to its directives. */
class CacheControlPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(config: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    return withPolicy(config, config.pothosOptions.cacheControl);
  }

  override onTypeConfig(config: PothosTypeConfig): PothosTypeConfig {
    if (config.kind !== 'Object' && config.kind !== 'Interface' && config.kind !== 'Union') return config;
    const carrying: PothosObjectTypeConfig | PothosInterfaceTypeConfig | PothosUnionTypeConfig = config;
    return withPolicy(carrying, (config.pothosOptions as { cacheControl?: CacheControl }).cacheControl);
  }
}

function withPolicy<Config extends { extensions?: Readonly<Record<string, unknown>> | null }>(
  config: Config,
  policy: CacheControl | undefined,
): Config {
  if (!policy) return config;
  const directives = { ...(config.extensions?.['directives'] as object | undefined), cacheControl: policy };
  return { ...config, extensions: { ...config.extensions, cacheControl: policy, directives } };
}

export const cacheControlPlugin = 'cacheControl';
PothosSchemaBuilder.registerPlugin(cacheControlPlugin, CacheControlPlugin);
