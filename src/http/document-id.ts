import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';

/** The form of an identifier in GraphQL over HTTP's persisted documents, of a sane length. */
const identifier = /^[\w.~-]+(:[\w.~:-]+)?$/;
const maxLength = 256;
const sha256Hex = /^[0-9a-f]{64}$/;

/** What a document is called: the SHA-256 of its text in UTF-8, as 64 hexadecimal digits. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The id a request names its document by, null where it names none: `documentId` of GraphQL over HTTP
 * (`sha256:<64 hexadecimal digits>`, or the digits alone) or `extensions.persistedQuery` of Apollo. Fails with
 * BAD_USER_INPUT on an id of another form, and on two that differ.
 */
export function documentIdOf(documentId: unknown, persistedQuery: unknown): string | null {
  const ids = [documentId == null ? [] : [fromDocumentId(documentId)]];
  if (persistedQuery != null) ids.push([fromPersistedQuery(persistedQuery)]);
  const [id = null, other = id] = ids.flat();
  if (id !== other) throw wrong('"documentId" and "extensions.persistedQuery" name two documents. Send one of them.');
  return id;
}

function fromDocumentId(documentId: unknown): string {
  if (typeof documentId === 'string' && documentId.length <= maxLength && identifier.test(documentId)) {
    return documentId.replace(/^sha256:/, '');
  }
  throw wrong('"documentId" must be "sha256:" and the SHA-256 of the document, as 64 hexadecimal digits.');
}

function fromPersistedQuery(persistedQuery: unknown): string {
  const { version, sha256Hash } = Object(persistedQuery) as Record<string, unknown>;
  if (version !== 1) throw wrong('"extensions.persistedQuery.version" must be 1.');
  if (typeof sha256Hash === 'string' && sha256Hex.test(sha256Hash)) return sha256Hash;
  throw wrong('"extensions.persistedQuery.sha256Hash" must be 64 hexadecimal digits in lower case.');
}

function wrong(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message);
}
