import { GraphQLScalarType } from 'graphql';
import { GraphQLDateTimeISO, GraphQLJSON, GraphQLLocalDate } from 'graphql-scalars';
import { builder } from './builder.ts';

builder.addScalarType(
  'DateTime',
  renamed(GraphQLDateTimeISO, 'DateTime', 'An instant, ISO 8601 in UTC: `2026-11-20T08:30:00.000Z`.'),
);
builder.addScalarType('Date', renamed(GraphQLLocalDate, 'Date', 'A calendar day at the tenant: `2026-11-20`.'));
builder.addScalarType('JSON', renamed(GraphQLJSON, 'JSON', 'Any JSON value.'));

function renamed<Internal, External>(
  scalar: GraphQLScalarType<Internal, External>,
  name: string,
  description: string,
): GraphQLScalarType<Internal, External> {
  return new GraphQLScalarType({ ...scalar.toConfig(), name, description });
}
