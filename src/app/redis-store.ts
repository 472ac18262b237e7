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
    // A machine that vanished closes no connection: without this, a new one at its address is not found for minutes.
    socketTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
    keyPrefix: 'freshfield:',
  });
  redis.on('error', () => {}); // each command that fails says so itself
  const cache = createRedisCache({ redis: tellingFailures(redis) });
  const get = async (id: string): Promise<unknown> => cache.get(id);
  const getMany = async (ids: readonly string[]): Promise<unknown[]> => {
    try {
      return (await redis.mget(...ids)).map(parse);
    } catch (error) {
      // Spread over machines behind one address, it may refuse to read from several of them in one command.
      if (error instanceof Error && error.message.startsWith('CROSSSLOT')) return Promise.all(ids.map((id) => get(id)));
      throw error;
    }
  };
  return { store: { ...cache, get, getMany }, close: () => redis.disconnect() };
}

/** What is not JSON is not ours either; the engine says so when it is handed the text. */
function parse(text: string | null): unknown {
  try {
    return text && JSON.parse(text);
  } catch {
    return text;
  }
}

/** A pipeline resolves although its commands failed, and `createRedisCache` does not look: then nothing was stored. */
function tellingFailures(redis: Redis): Redis {
  const open = redis.pipeline.bind(redis);
  redis.pipeline = (...commands) => {
    const pipeline = open(...commands);
    const run = pipeline.exec.bind(pipeline);
    pipeline.exec = async () => {
      const results = await run();
      const error = results?.find(([failure]) => failure)?.[0];
      if (error) throw error;
      return results;
    };
    return pipeline;
  };
  return redis;
}
