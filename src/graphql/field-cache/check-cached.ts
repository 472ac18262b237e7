import { getNamedType, isInterfaceType, isObjectType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { policyOf } from '../cache-control/policy-of.ts';

interface Declared {
  /** Seconds. */
  maxAgeS: number | undefined;
  /** Of what Pothos calls a field's kind: `Query`, `Mutation`, `Object`, … */
  kind: string;
  isDynamic: boolean;
}

/** Fails for a field whose value cannot be kept by itself, whatever its type. */
export function checkCached(coordinate: string, { maxAgeS, kind, isDynamic }: Declared): void {
  if (kind === 'Mutation' || kind === 'Subscription') {
    throw new Error(`${coordinate} is cached, but only what is read can be kept: leave out cached.`);
  }
  if (maxAgeS === undefined || !Number.isInteger(maxAgeS) || maxAgeS <= 0) {
    throw new Error(`${coordinate} is cached, but not for how long: write cached: { maxAge: <seconds> }.`);
  }
  if (isDynamic) {
    throw new Error(
      `${coordinate} is cached, so that its resolver does not always run: it cannot say by cacheControl.dynamic how ` +
        'long its result holds. Leave out one of them.',
    );
  }
}

/** Whether the policy of a cached field, or of its type, has its value for one person alone. Fails for types that cannot be kept. */
export function isForOnePerson(schema: GraphQLSchema, coordinate: string): boolean {
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  const parent = schema.getType(typeName);
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[fieldName] : undefined;
  if (!field) return false; // left out of this schema
  const type = getNamedType(field.type);
  checkType(coordinate, type, schema);
  return policyOf(field).scope === 'PRIVATE' || ('getFields' in type && policyOf(type).scope === 'PRIVATE');
}

function checkType(coordinate: string, type: GraphQLNamedType, schema: GraphQLSchema): void {
  const types = 'getTypes' in type || isInterfaceType(type) ? schema.getPossibleTypes(type) : [type];
  for (const one of types) {
    const fields = isObjectType(one) ? Object.values(one.getFields()) : [];
    if (fields.some(({ name }) => name === 'pageInfo')) {
      throw new Error(
        `${coordinate} is cached, but what a connection holds depends on what is selected: keep its parts.`,
      );
    }
    const never = fields.find((field) => policyOf(field).maxAge === 0);
    if (never) {
      throw new Error(
        `${coordinate} is cached, and its value may hold ${one.name}.${never.name}, which is never kept: resolve it ` +
          'to ids, or leave out cached.',
      );
    }
  }
}
