import { createRedisCache } from '@envelop/response-cache-redis';
import { Redis } from 'ioredis';
import type { BlobStore } from '../cache/index.ts';

export interface RedisStore {
  readonly store: BlobStore;
  close(): void;
}

/**
 * Redis as a place for blobs: read and written with an expiry, never searched and never told to forget. Commands fail
 * at once while it is away, rather than queue up; it is tried again for as long as the server runs.
 */
export function createRedisStore(url: string): RedisStore {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: 500,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
    keyPrefix: 'freshfield:',
  });
  redis.on('error', () => {}); // each command that fails says so itself
  return { store: createRedisCache({ redis }), close: () => redis.disconnect() };
}
