import { isUtf8 } from 'node:buffer';
import type { Tag } from './coherence/change-log.ts';
import { withoutSlab, type Entry, type Meta } from './entry.ts';
import { createKey } from './key.ts';

/** How an entry looks in a remote store: plain JSON, with the body as text where it is text. */
export interface Blob {
  readonly v: 2;
  /** Over everything else, and the id it was stored under. */
  readonly mac: string;
  readonly epoch: string;
  readonly stamp: number;
  readonly tags: readonly Tag[];
  readonly stored: number;
  readonly expires: number;
  readonly freshFrom: number;
  readonly staleUntil: number;
  readonly cost: number;
  readonly meta: Meta;
  readonly as: 'utf8' | 'base64';
  readonly body: string;
}

/** `secret`: without it nobody can make a blob that is believed. */
export function encodeEntry(secret: string, id: string, entry: Entry): Blob {
  const as = isUtf8(entry.body) ? 'utf8' : 'base64';
  return {
    v: 2,
    mac: macOf(secret, id, entry),
    epoch: entry.epoch,
    stamp: entry.stamp,
    tags: entry.tags,
    stored: entry.storedAtMs,
    expires: entry.expiresAtMs,
    freshFrom: entry.freshFromMs,
    staleUntil: entry.staleUntilMs,
    cost: entry.costMs,
    meta: entry.meta,
    as,
    body: Buffer.from(entry.body.buffer, entry.body.byteOffset, entry.body.byteLength).toString(as),
  };
}

/** The entry stored under this id; null for anything else a store may hand back: foreign, damaged, of another version. */
export function decodeEntry(secret: string, id: string, blob: unknown): Entry | null {
  try {
    if (!isBlob(blob)) return null;
    const entry: Entry = {
      epoch: blob.epoch,
      stamp: blob.stamp,
      tags: blob.tags,
      storedAtMs: blob.stored,
      expiresAtMs: blob.expires,
      freshFromMs: blob.freshFrom,
      staleUntilMs: blob.staleUntil,
      costMs: blob.cost,
      meta: blob.meta,
      body: withoutSlab(Buffer.from(blob.body, blob.as)),
    };
    return blob.mac === macOf(secret, id, entry) ? entry : null;
  } catch {
    return null; // not even plain data
  }
}

/** A damaged stamp or tag would make an entry pass its check for ever, so every byte counts. */
function macOf(secret: string, id: string, entry: Entry): string {
  const { epoch, stamp, tags, storedAtMs, expiresAtMs, freshFromMs, staleUntilMs, costMs, meta, body } = entry;
  const facts = JSON.stringify([epoch, stamp, tags, storedAtMs, expiresAtMs, freshFromMs, staleUntilMs, costMs, meta]);
  return createKey(secret, ['entry', id, facts, body]);
}

function isBlob(value: unknown): value is Blob {
  if (typeof value !== 'object' || value === null) return false;
  const blob = value as Partial<Record<keyof Blob, unknown>>;
  return (
    blob.v === 2 &&
    typeof blob.mac === 'string' &&
    typeof blob.epoch === 'string' &&
    Number.isSafeInteger(blob.stamp) &&
    Array.isArray(blob.tags) &&
    blob.tags.every((tag) => typeof tag === 'string') &&
    Number.isFinite(blob.stored) &&
    Number.isFinite(blob.expires) &&
    Number.isFinite(blob.freshFrom) &&
    Number.isFinite(blob.staleUntil) &&
    Number.isFinite(blob.cost) &&
    isMeta(blob.meta) &&
    (blob.as === 'utf8' || blob.as === 'base64') &&
    typeof blob.body === 'string'
  );
}

function isMeta(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(
    ([name, fact]) => name !== '__proto__' && (fact === null || typeof fact !== 'object'),
  );
}
