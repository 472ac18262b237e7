import { GraphQLError } from 'graphql';
import { AppError, httpStatusOf, ValidationError } from '../errors.ts';
import { causeOf } from './cause-of.ts';
import { isOurs } from './is-ours.ts';

export interface MaskOptions {
  requestId: string;
  /** Whether "Did you mean …?" may name parts of the schema. */
  suggestions: boolean;
  /** Told of everything that is hidden from the client. */
  report: (error: unknown) => void;
}

/** Codes of Yoga's own refusals, in our words. */
const renamed: Readonly<Record<string, string>> = {
  BAD_REQUEST: 'BAD_USER_INPUT',
  OPERATION_RESOLUTION_FAILURE: 'BAD_USER_INPUT',
};

/** Whole requests that are refused so are refused in every media type; the rest follows GraphQL over HTTP. */
const plainStatus = new Set(['UNAUTHENTICATED', 'NOT_CACHED', 'SERVICE_UNAVAILABLE']);

/**
 * What a client may be told: an AppError says its code and message; an error about the request itself says what is
 * wrong with it; whatever else went wrong becomes one sentence with the request's id.
 */
export function maskError(error: GraphQLError, { requestId, suggestions, report }: MaskOptions): GraphQLError {
  const cause = causeOf(error);
  const position = { nodes: error.nodes, path: error.path };
  if (cause instanceof AppError) {
    if (cause.code === 'INTERNAL_SERVER_ERROR') report(cause);
    const fields = cause instanceof ValidationError ? { fields: cause.fields } : {};
    return answered(cause.message, cause.code, { ...position, extensions: fields });
  }
  if (cause instanceof GraphQLError && !isOurs(error)) {
    const { code: given, http, limit } = cause.extensions;
    const code = typeof given === 'string' ? given : 'BAD_USER_INPUT';
    const extensions = { ...(code in renamed && { http }), ...(limit !== undefined && { limit }) };
    // What graphql-js puts around it says which variable, and where in it: `Variable "$input" … at "input.dueAt"; …`
    const whole = error.path === undefined && error.message.startsWith('Variable "') ? error.message : cause.message;
    const message = suggestions ? whole : whole.replaceAll(/ ?Did you mean [^?]*\?/g, '');
    const { nodes, source, positions } = cause; // a document that cannot be read has a position, but no nodes
    return answered(message, renamed[code] ?? code, { ...position, nodes, source, positions, extensions });
  }
  report(cause);
  const message = `Something went wrong on our side. Quote request ${requestId} when you report it.`;
  return answered(message, 'INTERNAL_SERVER_ERROR', position);
}

type Details = Pick<GraphQLError, 'nodes' | 'path'> &
  Partial<Pick<GraphQLError, 'source' | 'positions'>> & { extensions?: Record<string, unknown> };

function answered(message: string, code: string, { extensions = {}, ...where }: Details): GraphQLError {
  const status = httpStatusOf[code as keyof typeof httpStatusOf] ?? 400;
  const http = extensions['http'] ?? { status, spec: !plainStatus.has(code) };
  return new GraphQLError(message, { ...where, extensions: { code, ...extensions, http } });
}
