import { AppError } from '../errors.ts';
import type { Limits } from './limits.ts';

/** What a GraphQL request asks. */
export interface GraphqlParams {
  query: string;
  operationName?: string;
  variables?: Record<string, unknown>;
  extensions?: Record<string, unknown>;
}

const known = new Set(['query', 'operationName', 'variables', 'extensions']);

/** Reads the body of a POST. */
export function parseBody(body: Buffer, limits: Limits): GraphqlParams {
  return checkParams(parseJson(body, 'The body'), limits);
}

/** Reads the query string of a GET, where `variables` and `extensions` are JSON. */
export function parseSearch(search: URLSearchParams, limits: Limits): GraphqlParams {
  const json = (name: string) => {
    const text = search.get(name);
    return text ? parseJson(Buffer.from(text), `"${name}"`) : undefined;
  };
  const { query, operationName } = Object.fromEntries(search);
  return checkParams(
    { query, operationName: operationName || undefined, variables: json('variables'), extensions: json('extensions') },
    limits,
  );
}

function parseJson(bytes: Buffer, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${what} is not JSON in UTF-8.`, { cause });
  }
}

function checkParams(params: unknown, limits: Limits): GraphqlParams {
  if (Array.isArray(params)) throw new AppError('BAD_USER_INPUT', 'Send one operation per request: batches are off.');
  if (!isObject(params)) throw new AppError('BAD_USER_INPUT', 'The body must be a JSON object with a "query".');
  const { query, operationName, variables, extensions } = params;
  const stranger = Object.keys(params).find((name) => !known.has(name) && params[name] !== null);
  if (typeof query !== 'string' || query === '') {
    throw new AppError('BAD_USER_INPUT', 'Send the operation as the string "query".');
  }
  if (stranger !== undefined) {
    throw new AppError('BAD_USER_INPUT', 'The request takes "query", "operationName", "variables" and "extensions".');
  }
  if (operationName != null && typeof operationName !== 'string') {
    throw new AppError('BAD_USER_INPUT', '"operationName" must be a string.');
  }
  return {
    query: bounded(query, limits),
    operationName: operationName ?? undefined,
    variables: objectOf('variables', variables, limits),
    extensions: objectOf('extensions', extensions, limits),
  };
}

function bounded(query: string, { queryCharacters }: Limits): string {
  if (query.length <= queryCharacters) return query;
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
