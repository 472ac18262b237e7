import { GraphQLError } from 'graphql';

/** What was thrown at first, below the layers that added a position. */
export function causeOf(error: GraphQLError): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}
