import { isCompositeType, isInterfaceType, isObjectType, type GraphQLNamedType, type GraphQLSchema } from 'graphql';
import { typesBelowQuery } from '../cache-control/let-types-inherit.ts';
import { policyOf, type PolicyCarrier } from '../cache-control/policy-of.ts';
import { fieldsBelowQuery } from './fields-below-query.ts';
import type { Finding, LintInput, Rule } from './finding.ts';

/** Policies where no plan looks, and inheritance where there is nothing to inherit. */
export const neverApplies: Rule = (input) => [...outOfReach(input), ...nothingToInherit(input), ...onInterfaces(input)];

function outOfReach({ schema }: LintInput): Finding[] {
  const reached = new Set<GraphQLNamedType>(typesBelowQuery(schema));
  return Object.values(schema.getTypeMap())
    .filter((type) => isCompositeType(type) && !type.name.startsWith('__'))
    .filter((type) => !reached.has(type) && type !== schema.getQueryType())
    .flatMap((type) => [...saysSomething(type.name, type), ...ofFields(type)])
    .map((coordinate) => ({
      rule: 'never-applies',
      coordinate,
      message: 'No query leads to it, and only answers to queries are kept. Leave cacheControl out.',
    }));
}

function ofFields(type: GraphQLNamedType): string[] {
  if (!isObjectType(type) && !isInterfaceType(type)) return [];
  return Object.values(type.getFields()).flatMap((field) => saysSomething(`${type.name}.${field.name}`, field));
}

function saysSomething(coordinate: string, carrier: PolicyCarrier): string[] {
  return Object.keys(policyOf(carrier)).length > 0 ? [coordinate] : [];
}

function nothingToInherit({ schema }: LintInput): Finding[] {
  return fieldsBelowQuery(schema).flatMap(({ parent, field, type, said: { coordinate } }) => {
    if (!policyOf(field).inheritMaxAge) return [];
    const finding = (message: string): Finding[] => [{ rule: 'never-applies', coordinate, message }];
    const ofType = isCompositeType(type) ? policyOf(type).maxAge : undefined;
    if (ofType !== undefined) {
      return finding(
        `inheritMaxAge yields to the maxAge of ${type.name}, ${ofType} s. Leave it out, or write a maxAge here.`,
      );
    }
    if (parent === schema.getQueryType()) return finding('A root field has nothing to inherit. Write a maxAge.');
    return [];
  });
}

/** A policy counts where a field is resolved, which is on the types of an interface. */
function onInterfaces({ schema }: { schema: GraphQLSchema }): Finding[] {
  return [...typesBelowQuery(schema)].filter(isInterfaceType).flatMap((type) =>
    Object.values(type.getFields())
      .filter((field) => Object.keys(policyOf(field)).length > 0)
      .filter(({ name }) =>
        schema
          .getPossibleTypes(type)
          .every((possible) => Object.keys(policyOf(possible.getFields()[name]!)).length === 0),
      )
      .map(({ name }): Finding => ({
        rule: 'never-applies',
        coordinate: `${type.name}.${name}`,
        message: `Nothing is resolved on ${type.name} itself. Write its cacheControl on the types that implement it.`,
      })),
  );
}
