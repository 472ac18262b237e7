import { isAbstractType } from 'graphql';
import { buildSchema } from '../../src/graphql/schema.ts';
import '../../src/modules/index.ts';

/** The schema that clients are built against. */
export const appSchema = buildSchema();

/** The types that each interface and union stands for, which caching clients want to be told. */
export const possibleTypes = Object.fromEntries(
  Object.values(appSchema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => [type.name, appSchema.getPossibleTypes(type).map(({ name }) => name)]),
);
