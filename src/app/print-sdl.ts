import { lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema } from '../graphql/schema.ts';
import '../modules/index.ts';

/** The whole schema as text, in an order that does not depend on the order of imports. */
export function printSdl(): string {
  return `${printSchema(lexicographicSortSchema(buildSchema()))}\n`;
}
