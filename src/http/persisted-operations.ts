import { AppError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import { sha256Of } from './document-id.ts';
import type { AskedOperation, GraphqlParams } from './graphql-params.ts';
import { HttpError } from './http-error.ts';
import { loadDocuments } from './persisted-manifest.ts';
import { createRegisteredDocuments, type RegisteredDocuments } from './registered-documents.ts';

/**
 * `off`: operations are sent as text. `allow`: also by the id of a document of `schema/operations/`, or of one that was
 * sent before. `require`: by the id of a document of `schema/operations/` only.
 */
export type PersistedMode = 'off' | 'allow' | 'require';

export interface PersistedOptions {
  mode: PersistedMode;
  /** Documents by id. @default those of schema/operations */
  documents?: ReadonlyMap<string, string>;
  /** @default a new one */
  registered?: RegisteredDocuments;
}

export interface FoundOperation {
  readonly params: GraphqlParams;
  /** To be called once the document has proved valid: from then on its id will do. Null where there is nothing to keep. */
  readonly register: (() => void) | null;
}

/** Answers what a request asks for, with its text; `tenantId` is null without a token. */
export type FindOperation = (asked: AskedOperation, tenantId: TenantId | null) => FoundOperation;

/**
 * Puts the text in the place of an id, by Apollo's protocol of automatic persisted queries and by GraphQL over HTTP's of
 * persisted documents. Whatever way a document came, what follows is the same, so all ways share one cached answer.
 */
export function createPersistedOperations(options: PersistedOptions): FindOperation {
  const { mode } = options;
  const documents = options.documents ?? (mode === 'off' ? new Map<string, string>() : loadDocuments());
  const registered = options.registered ?? createRegisteredDocuments();

  return ({ id, query, ...rest }, tenantId) => {
    if (query !== undefined && id !== null && sha256Of(query) !== id) {
      throw new AppError('BAD_USER_INPUT', 'The provided hash is not that of "query": leave one of them out.');
    }
    const found = (text: string, register: FoundOperation['register'] = null) => ({
      params: { query: text, ...rest },
      register,
    });
    if (tenantId === null && query === undefined) throw tokenNeeded(); // nobody else is told what is known
    if (mode === 'require' && !(id !== null && documents.has(id))) throw required();
    if (query !== undefined) {
      const isNew = mode === 'allow' && id !== null && tenantId !== null && !documents.has(id);
      return found(query, isNew ? () => registered.set(tenantId, id, query) : null);
    }
    if (mode === 'off') throw notSupported();
    const text = id && tenantId && (documents.get(id) ?? registered.get(tenantId, id));
    if (!text) throw notFound();
    return found(text);
  };
}

function tokenNeeded(): AppError {
  return new AppError('UNAUTHENTICATED', 'Send a token: "Authorization: Bearer <token>".');
}

/** Clients know it by its message, and send the text along. */
function notFound(): HttpError {
  return new HttpError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound', { okAsJson: true });
}

/** Clients know it by its message, and send texts from then on. */
function notSupported(): HttpError {
  return new HttpError('PERSISTED_QUERY_NOT_SUPPORTED', 'PersistedQueryNotSupported', { okAsJson: true });
}

function required(): HttpError {
  return new HttpError(
    'PERSISTED_OPERATION_REQUIRED',
    'This server runs the operations of schema/operations only. Send the id of one of them: "documentId": "sha256:…".',
  );
}
