import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { lexicographicSortSchema } from 'graphql';
import { buildSchema } from '../graphql/schema.ts';
import '../modules/index.ts';

/** The whole schema as text with its policies, in an order that does not depend on the order of imports. */
export function printSdl(): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(buildSchema()))}\n`;
}
