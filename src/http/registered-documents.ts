import { LRUCache } from 'lru-cache';
import type { TenantId } from '../ids.ts';

/** Bytes of texts and what it takes to hold them, in one process. @default 8 MiB */
const defaultMaxBytes = 8 * 1024 * 1024;
/** What an entry takes beside its text: its key, its place in the map. */
const overheadBytes = 400;

/** Documents that clients have sent once, by their hashes: the least recently asked for is forgotten first. */
export interface RegisteredDocuments {
  get(tenantId: TenantId, id: string): string | null;
  set(tenantId: TenantId, id: string, text: string): void;
}

/**
 * In this process only. A client that names a document to another node is told to send it once more, so a store that
 * nodes share would save one request per document and node, and be one more place where texts of clients lie. Each
 * tenant has its own: from a hash nobody learns what others ask.
 */
export function createRegisteredDocuments({ maxBytes = defaultMaxBytes } = {}): RegisteredDocuments {
  const texts = new LRUCache<string, string>({
    maxSize: maxBytes,
    sizeCalculation: (text) => 2 * text.length + overheadBytes,
  });
  const keyOf = (tenantId: TenantId, id: string) => `${tenantId}:${id}`;
  return {
    get: (tenantId, id) => texts.get(keyOf(tenantId, id)) ?? null,
    set: (tenantId, id, text) => void texts.set(keyOf(tenantId, id), text),
  };
}
