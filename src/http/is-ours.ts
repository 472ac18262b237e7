import { GraphQLError } from 'graphql';
import { AppError } from '../errors.ts';
import { causeOf } from './cause-of.ts';

/**
 * Whether an error is none that a client could mend: what it says is hidden, unless it is meant to be told, and
 * something older may be served instead where the policy says so. Everything else is an answer.
 */
export function isOurs(error: GraphQLError): boolean {
  const cause = causeOf(error);
  if (cause instanceof AppError) return cause.code === 'SERVICE_UNAVAILABLE' || cause.code === 'INTERNAL_SERVER_ERROR';
  return !(cause instanceof GraphQLError && isAboutTheRequest(cause, error));
}

/**
 * Syntax, validation and variables are about the request, and so is an argument that a variable left out. A
 * GraphQLError from inside a resolver, or from a value that does not fit its type, is a mistake of ours.
 */
function isAboutTheRequest(cause: GraphQLError, located: GraphQLError): boolean {
  if (cause.extensions['unexpected']) return false;
  if ('code' in cause.extensions && cause.extensions['code'] !== 'INTERNAL_SERVER_ERROR') return true;
  return located.path === undefined || cause.message.startsWith('Argument "');
}
