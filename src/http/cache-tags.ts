import { createHmac } from 'node:crypto';

/** Tags in one header. More are told by type: `Cache-Tag` stays below 2 KiB, which every CDN takes. */
const maxTags = 64;
/** Characters of base64url: 96 bits. */
const tagLength = 16;
/** Carried by what depends on more types than a header can name. */
const anything = 'many';

export interface CacheTagOptions {
  /** Shared by all nodes: without it nobody can tell what a tag stands for, or guess one. */
  secret: string;
  /** What the answer depends on, as the engine has it: `E:ticket:7`, `P:ticket:site_id=3`, `L:ticket`. */
  tags: readonly string[];
}

/**
 * The `Cache-Tag` of a PUBLIC answer, for a CDN to purge by. Each tag is a keyed hash: it names no row and no tenant.
 * An answer that depends on very much is tagged once per type.
 */
export function cacheTagHeader({ secret, tags }: CacheTagOptions): string | null {
  const each = [...new Set(tags)];
  const byType = [...new Set(each.map(manyOf))];
  const told = [each, byType].find(({ length }) => length <= maxTags) ?? [anything];
  return told.length === 0 ? null : told.map((tag) => opaqueTag(secret, tag)).join(',');
}

/** What a CDN is told to purge when something changes: each tag of the change, and answers that depend on many of its type. */
export function purgeTags({ secret, tags }: CacheTagOptions): string[] {
  return [...new Set(tags.flatMap((tag) => [tag, manyOf(tag), anything]))].map((tag) => opaqueTag(secret, tag));
}

/** `E:ticket:7` → `many:ticket`. */
function manyOf(tag: string): string {
  return `many:${tag.split(':')[1] ?? ''}`;
}

function opaqueTag(secret: string, tag: string): string {
  return createHmac('sha256', secret).update(`cache-tag\n${tag}`).digest('base64url').slice(0, tagLength);
}
