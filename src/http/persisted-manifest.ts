import { readdirSync, readFileSync } from 'node:fs';
import { Kind, parse, print, visit, type DocumentNode, type FieldNode, type OperationTypeNode } from 'graphql';
import { sha256Of } from './document-id.ts';

/** A named document of `schema/operations/`. */
export interface PersistedOperation {
  /** The SHA-256 of `body`, in hexadecimal. */
  readonly id: string;
  readonly name: string;
  readonly type: `${OperationTypeNode}`;
  /** As graphql-js prints it, which is how clients hash a document that they have parsed. */
  readonly body: string;
}

/** What clients build from, in the format of Apollo's persisted query lists. */
export interface PersistedManifest {
  readonly format: 'apollo-persisted-query-manifest';
  readonly version: 1;
  readonly operations: readonly PersistedOperation[];
}

const operations = new URL('../../schema/operations/', import.meta.url);

export function loadManifest(folder: URL = operations): PersistedManifest {
  const made = readOperations(folder).map(({ operation }) => operation);
  return { format: 'apollo-persisted-query-manifest', version: 1, operations: made };
}

/**
 * Every document by its ids: the hash of the file, of the file without the space around it, of what graphql-js prints,
 * and of what clients with a cache of their own print. Each id stands for the very text that it is the hash of.
 */
export function loadDocuments(folder: URL = operations): ReadonlyMap<string, string> {
  const texts = readOperations(folder).flatMap(({ text, operation: { body } }) => [
    text,
    text.trim(),
    body,
    print(withTypenames(parse(body))),
  ]);
  return new Map(texts.map((text) => [sha256Of(text), text]));
}

function readOperations(folder: URL): { text: string; operation: PersistedOperation }[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.graphql'));
  return files.toSorted().map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return { text, operation: operationOf(text, file) };
  });
}

function operationOf(text: string, file: string): PersistedOperation {
  const document = parse(text);
  const [operation, ...more] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  if (operation?.kind !== Kind.OPERATION_DEFINITION || !operation.name || more.length > 0) {
    throw new Error(`${file} must hold one operation, with a name.`);
  }
  const body = print(document);
  return { id: sha256Of(body), name: operation.name.value, type: operation.operation, body };
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** As Apollo Client and urql send it: they add `__typename` wherever an object is selected, to know what to keep. */
function withTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet(node, _key, parent) {
      const isRoot = parent !== undefined && 'kind' in parent && parent.kind === Kind.OPERATION_DEFINITION;
      const hasIt = node.selections.some((selected) => selected.kind === Kind.FIELD && isMeta(selected));
      return isRoot || hasIt ? undefined : { ...node, selections: [...node.selections, typename] };
    },
  });
}

function isMeta({ name }: FieldNode): boolean {
  return name.value.startsWith('__');
}
