import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { AppError } from '../errors.ts';

export interface KeySetOptions {
  url: string;
  /** Keys are read again once they are this old, in milliseconds. @default 600000 */
  maxAgeMs?: number;
  /** Keys this old still serve while the issuer cannot be reached, in milliseconds. @default 3600000 */
  staleMs?: number;
  /** Between two reads for keys nobody knows yet, or after a failed read, in milliseconds. @default 10000 */
  cooldownMs?: number;
  /** How long one read may take, in milliseconds. @default 3000 */
  timeoutMs?: number;
  /** The clock, in milliseconds. @default Date.now */
  now?: () => number;
}

export interface KeySet {
  /** Finds the key that a token names. */
  readonly find: JWTVerifyGetKey;
  /** Names the keys that there are; null while it is time to read them again. */
  version(): number | null;
}

type Keys = ReturnType<typeof createLocalJWKSet>;

/**
 * The public keys of a token issuer. A token that names an unknown key makes them be read again, at most once per
 * cooldown, so that rotation is noticed and made-up keys cost nothing. An issuer that is down fails only requests
 * that no cached key can serve, with SERVICE_UNAVAILABLE: nobody is logged out by an outage.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const {
    url,
    maxAgeMs = 600_000,
    staleMs = 3_600_000,
    cooldownMs = 10_000,
    timeoutMs = 3_000,
    now = Date.now,
  } = options;
  let keys: Keys | null = null;
  let readAt = -Infinity;
  let reads = 0;
  let triedAt = -Infinity;
  let failure: unknown = null;
  let reading: Promise<void> | null = null;

  const read = async () => {
    triedAt = now();
    try {
      keys = createLocalJWKSet(await fetchKeys(url, timeoutMs));
      readAt = now();
      reads += 1;
      failure = null;
    } catch (error) {
      failure = error;
    }
  };
  const refresh = async () => {
    if (now() - triedAt < cooldownMs && !reading) return;
    await (reading ??= read().finally(() => (reading = null)));
  };

  const find: JWTVerifyGetKey = async (header, token) => {
    if (now() - readAt >= maxAgeMs) await refresh();
    const usable = now() - readAt < maxAgeMs + staleMs;
    const first = keys && usable ? await keys(header, token).catch(orNoSuchKey) : null;
    if (first) return first;
    await refresh();
    const second = keys && now() - readAt < maxAgeMs + staleMs ? await keys(header, token).catch(orNoSuchKey) : null;
    if (second) return second;
    if (failure === null) throw new errors.JWKSNoMatchingKey();
    throw new AppError('SERVICE_UNAVAILABLE', 'The keys of the token issuer cannot be read. Try again in a moment.', {
      cause: failure,
    });
  };
  return { find, version: () => (now() - readAt < maxAgeMs ? reads : null) };
}

async function fetchKeys(url: string, timeoutMs: number): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok) throw new Error(`The key set answered ${response.status}.`);
  return (await response.json()) as JSONWebKeySet;
}

function orNoSuchKey(error: unknown): null {
  if (error instanceof errors.JWKSNoMatchingKey) return null;
  throw error;
}
