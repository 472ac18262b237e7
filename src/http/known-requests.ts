import { LRUCache } from 'lru-cache';
import type { TenantId } from '../ids.ts';
import type { Question } from './question.ts';
import type { RequestRecord } from './request-record.ts';

/** Bytes of requests, and what it takes to remember them, in one process. @default 16 MiB */
const defaultMaxBytes = 16 * 1024 * 1024;
/** What an entry takes beside the request itself: its place in the map, its question and the keys of that. */
const overheadBytes = 1_000;

/** What decides whether a request is valid, and what it asks, to the byte. */
export interface SentRequest {
  readonly tenantId: TenantId;
  readonly method: string;
  /** The `Accept` header. */
  readonly accept: string;
  /** The body, or of a GET the address. */
  readonly text: string;
}

/** A request that was found valid, and was answered from the cache. */
export interface KnownRequest {
  readonly question: Question;
  readonly operation: RequestRecord['operation'];
  /** Of every answer to it. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Requests that have come before, byte by byte: whether one is valid, and what it asks, depends on nothing but itself,
 * so it is worked out once. Who may ask, and whether an answer holds, is settled each time. Each tenant has its own:
 * from how fast an answer comes nobody learns what others ask.
 */
export interface KnownRequests {
  get(sent: SentRequest): KnownRequest | undefined;
  set(sent: SentRequest, known: KnownRequest): void;
}

export function createKnownRequests({ maxBytes = defaultMaxBytes } = {}): KnownRequests {
  const known = new LRUCache<string, KnownRequest>({
    maxSize: maxBytes,
    sizeCalculation: (_, name) => 2 * name.length + overheadBytes,
  });
  return {
    get: (sent) => known.get(nameOf(sent)),
    set: (sent, request) => void known.set(nameOf(sent), request),
  };
}

/** Neither a tenant's id nor a method nor a header has a line break in it. */
function nameOf({ tenantId, method, accept, text }: SentRequest): string {
  return `${tenantId}\n${method}\n${accept}\n${text}`;
}
