import { GraphQLError } from 'graphql';
import { AppError, httpStatusOf, ValidationError } from '../errors.ts';

export interface Unexpected {
  requestId: string;
  error: unknown;
}

/**
 * What a client may be told: an AppError says its code and message; whatever else went wrong inside a resolver
 * becomes one sentence with the request's id, and is reported to whoever reads the log.
 */
export function maskError(error: unknown, requestId: string, report: (unexpected: Unexpected) => void): Error {
  const original = error instanceof GraphQLError ? (error.originalError ?? null) : error;
  const position = error instanceof GraphQLError ? { nodes: error.nodes, path: error.path } : {};
  if (original instanceof AppError) {
    if (original.code === 'INTERNAL_SERVER_ERROR') report({ requestId, error: original });
    return new GraphQLError(original.message, {
      ...position,
      extensions: {
        code: original.code,
        ...(original instanceof ValidationError && { fields: original.fields }),
        http: { status: httpStatusOf[original.code], spec: true },
      },
    });
  }
  if (error instanceof GraphQLError && original === null) return error; // syntax and validation: about the request
  report({ requestId, error: original ?? error });
  return new GraphQLError(`Something went wrong on our side. Quote request ${requestId} when you report it.`, {
    ...position,
    extensions: { code: 'INTERNAL_SERVER_ERROR', http: { status: 500, spec: true } },
  });
}
