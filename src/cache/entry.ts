import type { Computed } from './cache.ts';
import type { Stamped } from './coherence/tag-map.ts';

/** Small facts the engine keeps with a body and gives back untouched: a content type, a scope. */
export type Meta = Readonly<Record<string, string | number | boolean | null>>;

/** A cached value: ready bytes, and what must still be true for them to be served. */
export interface Entry extends Stamped {
  readonly body: Uint8Array;
  readonly meta: Meta;
  /** Wall clock, milliseconds since 1970: for age and expiry only, never for coherence. */
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
}

export function toEntry({ body, meta, stamp, tags, ttlMs }: Computed, epoch: string, storedAtMs: number): Entry {
  return { epoch, stamp, tags, body, meta, storedAtMs, expiresAtMs: storedAtMs + ttlMs };
}

/** What an entry weighs in memory beyond its body and strings: the object, its maps' slots, numbers. */
const overheadBytes = 300;

export function sizeOf(entry: Entry): number {
  return entry.tags.reduce((sum, tag) => sum + tag.length, overheadBytes + entry.body.byteLength);
}
