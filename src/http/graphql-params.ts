import { AppError } from '../errors.ts';
import { documentIdOf } from './document-id.ts';
import { HttpError } from './http-error.ts';
import type { Limits } from './limits.ts';

/** What GraphQL is to do. */
export interface GraphqlParams {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

/** What a request asks: an operation by its text, by the id of its document, or by both. */
export interface AskedOperation extends Omit<GraphqlParams, 'query'> {
  query?: string;
  /** See `documentIdOf`; null: the text says it all. */
  id: string | null;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const known = new Set(['query', 'operationName', 'variables', 'extensions', 'documentId']);

/** Reads the body of a POST: one operation, or a list of several. */
export function parseBody(body: Buffer, limits: Limits): AskedOperation | readonly AskedOperation[] {
  const asked = parseJson(body, 'The body');
  if (!Array.isArray(asked)) return checkParams(asked, limits);
  if (asked.length === 0) throw new AppError('BAD_USER_INPUT', 'Send at least one operation in a batch.');
  if (asked.length > limits.batchOperations) {
    throw new AppError('LIMIT_EXCEEDED', `A batch may have at most ${limits.batchOperations} operations.`);
  }
  return asked.map((params, index) => inBatch(params, index, limits));
}

/** Reads the query string of a GET, where `variables` and `extensions` are JSON. */
export function parseSearch(search: URLSearchParams, limits: Limits): AskedOperation {
  for (const name of known) {
    // A proxy in between may go by the first of two, and we by the last.
    if (search.getAll(name).length > 1) throw new AppError('BAD_USER_INPUT', `Send "${name}" once.`);
  }
  const text = (name: string) => search.get(name) || undefined;
  const json = (name: string) => {
    const sent = text(name);
    return sent && parseJson(Buffer.from(sent), `"${name}"`);
  };
  return checkParams(
    {
      query: text('query'),
      documentId: text('documentId'),
      operationName: text('operationName'),
      variables: json('variables'),
      extensions: json('extensions'),
    },
    limits,
  );
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${what} is not JSON in UTF-8.`, { cause });
  }
}

/** What is not even an operation fails the whole batch; the first is number 1. */
function inBatch(params: unknown, index: number, limits: Limits): AskedOperation {
  try {
    return checkParams(params, limits);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new HttpError(error.code, `Operation ${index + 1} of the batch: ${error.message}`);
  }
}

function checkParams(params: unknown, limits: Limits): AskedOperation {
  if (!isObject(params)) throw new AppError('BAD_USER_INPUT', 'An operation is a JSON object with a "query".');
  const { query, operationName, variables, documentId } = params;
  const stranger = Object.keys(params).find((name) => !known.has(name) && params[name] !== null);
  if (stranger !== undefined) {
    throw new AppError(
      'BAD_USER_INPUT',
      'The request takes "query", "documentId", "operationName", "variables" and "extensions".',
    );
  }
  const extensions = objectOf('extensions', params['extensions'], limits);
  const id = documentIdOf(documentId, extensions?.['persistedQuery']);
  if ((typeof query !== 'string' || query === '') && (query != null || id === null)) {
    throw new AppError('BAD_USER_INPUT', 'Send the operation as the string "query".');
  }
  if (operationName != null && typeof operationName !== 'string') {
    throw new AppError('BAD_USER_INPUT', '"operationName" must be a string.');
  }
  return {
    id,
    query: bounded(query ?? undefined, limits),
    operationName: operationName ?? undefined,
    variables: objectOf('variables', variables, limits),
    extensions,
  };
}

function bounded(query: string | undefined, { queryCharacters }: Limits): string | undefined {
  if (query === undefined || query.length <= queryCharacters) return query;
  throw new AppError('LIMIT_EXCEEDED', `"query" may have at most ${queryCharacters} characters.`);
}

function objectOf(name: string, value: unknown, { variableDepth }: Limits): Record<string, unknown> | undefined {
  if (value == null) return undefined;
  if (!isObject(value)) throw new AppError('BAD_USER_INPUT', `"${name}" must be a JSON object.`);
  if (isDeeper(value, variableDepth)) {
    throw new AppError('LIMIT_EXCEEDED', `"${name}" may be nested at most ${variableDepth} levels deep.`);
  }
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
