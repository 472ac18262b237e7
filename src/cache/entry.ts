import type { Computed } from './cache.ts';
import type { Tag } from './coherence/change-log.ts';
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
  /** The first instant it holds for: of values made from the time. 0: any. */
  readonly freshFromMs: number;
  /** The first instant it no longer holds for: of values made from the time. 0: it always holds. */
  readonly freshUntilMs: number;
  /** For how long after its expiry it is kept for those who may be served an expired value. */
  readonly staleForMs: number;
  /** What it took to make, in milliseconds; 0: making it early would not make it last longer. */
  readonly costMs: number;
}

/** Shared by all entries that have none. */
const noMeta: Meta = {};
const noTags: readonly Tag[] = [];

export function toEntry(computed: Computed, epoch: string, storedAtMs: number): Entry {
  const { body, meta, stamp, tags, ttlMs, freshFromMs = 0, freshUntilMs, staleForMs = 0 } = computed;
  // From the time that it holds for, not from how long that was when its making began.
  const expiresAtMs = Math.min(storedAtMs + ttlMs, freshUntilMs ?? Infinity);
  const facts = Object.keys(meta).length === 0 ? noMeta : meta;
  return {
    epoch,
    stamp,
    tags: tags.length === 0 ? noTags : tags,
    body: withoutSlab(body),
    meta: facts,
    storedAtMs,
    expiresAtMs,
    freshFromMs,
    freshUntilMs: Number.isFinite(freshUntilMs) ? Number(freshUntilMs) : 0,
    staleForMs: Math.ceil(staleForMs),
    costMs: Math.ceil(computed.costMs ?? 0), // whole numbers take less memory
  };
}

/** Whether what it was made from the time holds at an instant: else it is not merely old there, but wrong. */
export function isOfInstant({ freshFromMs, freshUntilMs }: Entry, atMs: number): boolean {
  return atMs >= freshFromMs && (freshUntilMs === 0 || atMs < freshUntilMs);
}

/** A small Buffer is cut from a slab of 8 KiB, and would keep all of it alive for as long as it is kept itself. */
export function withoutSlab(body: Uint8Array): Uint8Array {
  return body.byteLength === body.buffer.byteLength ? body : new Uint8Array(body);
}

/** What an entry weighs in memory beyond its bytes and strings: measured, with a body that is not on the heap. */
const entryOverheadBytes = 380;
/** A string put together from two: its head, the slot that points to it, and the pair it was made of. */
const stringOverheadBytes = 48;

/** Bytes of memory that an entry takes in this process, near enough. */
export function sizeOf(key: string, { body, tags }: Entry): number {
  let size = entryOverheadBytes + key.length + body.byteLength;
  for (const tag of tags) size += tag.length + stringOverheadBytes;
  return size;
}
