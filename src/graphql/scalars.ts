import { GraphQLError, GraphQLScalarType, print } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON, GraphQLLocalDate } from 'graphql-scalars';
import { builder } from './builder.ts';

builder.addScalarType(
  'DateTime',
  renamed(GraphQLDateTimeISO, {
    name: 'DateTime',
    description: 'An instant, ISO 8601 in UTC: `2026-11-20T08:30:00.000Z`.',
    refusal: 'Send an instant, with its time zone: 2026-11-20T08:30:00Z.',
  }),
);
builder.addScalarType(
  'Date',
  renamed(GraphQLLocalDate, {
    name: 'Date',
    description: 'A calendar day at the tenant: `2026-11-20`.',
    refusal: 'Send a day of the calendar: 2026-11-20.',
  }),
);
builder.addScalarType(
  'JSON',
  renamed(GraphQLJSON, { name: 'JSON', description: 'Any JSON value.', refusal: 'Send a JSON value.' }),
);

interface Renaming {
  name: string;
  description: string;
  /** Said of input that is none. */
  refusal: string;
}

function renamed<Internal, External>(
  scalar: GraphQLScalarType<Internal, External>,
  { name, description, refusal }: Renaming,
): GraphQLScalarType<Internal, External> {
  const { parseValue, parseLiteral } = scalar.toConfig();
  const orRefuse = (parse: () => Internal, refuse: () => GraphQLError) => {
    try {
      return parse();
    } catch {
      throw refuse();
    }
  };
  return new GraphQLScalarType({
    ...scalar.toConfig(),
    name,
    description,
    // graphql-js says which variable it is, and where in it.
    parseValue: (value) =>
      orRefuse(
        () => parseValue(value),
        () => new GraphQLError(refusal),
      ),
    parseLiteral: (node, variables) =>
      orRefuse(
        () => parseLiteral(node, variables),
        () => new GraphQLError(`Expected value of type "${name}", found ${print(node)}; ${refusal}`, { nodes: node }),
      ),
  });
}
