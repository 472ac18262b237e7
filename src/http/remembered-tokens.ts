import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Identity, VerifyToken } from './tokens.ts';

/** Tokens that are remembered, by their hashes. */
const maxTokens = 10_000;

export interface VerifiedToken {
  readonly identity: Identity;
  /** Wall clock, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

export interface RememberOptions {
  verify: (token: string) => Promise<VerifiedToken>;
  /** Names the keys that tokens are verified with; null: not known now. */
  keys: () => number | null;
  nowMs: () => number;
}

/**
 * Remembers whose token it is for as long as the same keys would vouch for it, so that its signature is not worked out
 * for every request. What its person may do is the database's to say, each time.
 */
export function rememberTokens({ verify, keys, nowMs }: RememberOptions): VerifyToken {
  const remembered = new LRUCache<string, VerifiedToken & { keys: number; fromMs: number }>({ max: maxTokens });

  return async (token) => {
    const name = hash('sha256', token, 'base64');
    const fromMs = nowMs();
    const known = remembered.get(name);
    if (known && known.keys === keys() && known.fromMs <= fromMs && fromMs < known.expiresAtMs) return known.identity;
    const before = keys();
    const verified = await verify(token);
    const after = keys();
    // Keys that were read in between may or may not be those that vouched for it.
    if (after !== null && before === after) remembered.set(name, { ...verified, keys: after, fromMs });
    return verified.identity;
  };
}
