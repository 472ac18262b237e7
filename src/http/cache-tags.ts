import { createHmac } from 'node:crypto';

/** Characters of base64url: 96 bits. */
const tagLength = 16;

export interface CacheTagOptions {
  /** Shared by all nodes: without it nobody can tell what a tag stands for, or guess one. */
  secret: string;
  /** What the document calls the operation; null where it has no name. */
  operationName: string | null;
}

/**
 * The `Cache-Tag` of a PUBLIC answer, for a CDN to purge by: one tag that every such answer has, and one of its
 * operation. There are none of rows: what depends on rows is one tenant's, and no CDN keeps it.
 */
export function cacheTagHeader({ secret, operationName }: CacheTagOptions): string {
  const told = ['everything', ...(operationName === null ? [] : [`operation\n${operationName}`])];
  return told.map((tag) => opaqueTag(secret, tag)).join(',');
}

function opaqueTag(secret: string, tag: string): string {
  return createHmac('sha256', secret).update(`cache-tag\n${tag}`).digest('base64url').slice(0, tagLength);
}
