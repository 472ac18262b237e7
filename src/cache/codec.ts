import type { Tag } from './coherence/change-log.ts';
import type { Entry, Meta } from './entry.ts';

/** How an entry looks in a remote store: plain JSON, with the body as text. */
export interface Blob {
  readonly v: 1;
  readonly key: string;
  readonly epoch: string;
  readonly stamp: number;
  readonly tags: readonly Tag[];
  readonly stored: number;
  readonly expires: number;
  readonly meta: Meta;
  readonly body: string;
}

export function encodeEntry(key: string, entry: Entry): Blob {
  return {
    v: 1,
    key,
    epoch: entry.epoch,
    stamp: entry.stamp,
    tags: entry.tags,
    stored: entry.storedAtMs,
    expires: entry.expiresAtMs,
    meta: entry.meta,
    body: Buffer.from(entry.body).toString('utf8'),
  };
}

/** The entry stored under this key; null for anything else a store may hand back: foreign, damaged, of another version. */
export function decodeEntry(key: string, blob: unknown): Entry | null {
  if (!isBlob(blob) || blob.key !== key) return null;
  return {
    epoch: blob.epoch,
    stamp: blob.stamp,
    tags: blob.tags,
    storedAtMs: blob.stored,
    expiresAtMs: blob.expires,
    meta: blob.meta,
    body: Buffer.from(blob.body, 'utf8'),
  };
}

function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false;
  const blob = value as Partial<Record<keyof Blob, unknown>>;
  return (
    blob.v === 1 &&
    typeof blob.key === 'string' &&
    typeof blob.epoch === 'string' &&
    Number.isSafeInteger(blob.stamp) &&
    Array.isArray(blob.tags) &&
    blob.tags.every((tag) => typeof tag === 'string') &&
    Number.isFinite(blob.stored) &&
    Number.isFinite(blob.expires) &&
    typeof blob.meta === 'object' &&
    blob.meta !== null &&
    typeof blob.body === 'string'
  );
}
