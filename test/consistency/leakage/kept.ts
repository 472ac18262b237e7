import type { Redis } from 'ioredis';
import { decompress } from '../../../src/cache/codec/compression.ts';

/** Everything that memory holds: one text for each entry, its key first. */
export interface MemoryWatch {
  dump(): string[];
  stop(): void;
}

/**
 * Finds the first level without a door into it: entries are plain objects in maps, told by their stamp and their
 * bytes, so every map of this process is watched from now on. A test that uses it must also look for something that
 * is kept, or it would not notice that entries have come to lie elsewhere.
 */
export function watchMemory(): MemoryWatch {
  // eslint-disable-next-line typescript/unbound-method -- called on each map it was called on
  const { set } = Map.prototype;
  const shelves = new Set<Map<unknown, unknown>>();
  // eslint-disable-next-line no-extend-native
  Map.prototype.set = function watched(this: Map<unknown, unknown>, key, value) {
    if (isEntry(value)) shelves.add(this);
    return set.call(this, key, value);
  };
  return {
    dump: () =>
      [...shelves].flatMap((shelf) =>
        [...shelf].flatMap(([key, value]) => (isEntry(value) ? [`${String(key)} ${textOf(value)}`] : [])),
      ),
    stop() {
      // eslint-disable-next-line no-extend-native
      Map.prototype.set = set;
    },
  };
}

interface EntryLike {
  readonly body: Uint8Array;
  readonly stamp: number;
}

function isEntry(value: unknown): value is EntryLike {
  return typeof value === 'object' && value !== null && 'stamp' in value && 'body' in value;
}

function textOf({ body, ...rest }: EntryLike): string {
  return `${JSON.stringify(rest)} ${Buffer.from(body).toString('utf8')}`;
}

export interface RedisItem {
  readonly key: string;
  readonly type: string;
  /** Until it expires, in milliseconds; -1: never. */
  readonly ttlMs: number;
  readonly value: string;
}

/** Everything that a Redis holds. */
export async function scanRedis(redis: Redis): Promise<RedisItem[]> {
  const items: RedisItem[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    for (const key of keys) {
      const type = await redis.type(key);
      // What is no string is nothing of ours; DUMP shows its contents all the same.
      const value = type === 'string' ? await redis.get(key) : (await redis.dumpBuffer(key))?.toString('latin1');
      items.push({ key, type, ttlMs: await redis.pttl(key), value: value ?? '' });
    }
    cursor = next;
  } while (cursor !== '0');
  return items;
}

const contentAt = 2 + 32; // after the version, the kind and the signature

/** What an entry that is not encrypted says to whoever unpacks it. */
export async function unpacked(value: string): Promise<string> {
  const sealed = Buffer.from(JSON.parse(value).data.b, 'base64');
  const payload = await decompress(sealed.subarray(contentAt));
  if (typeof payload === 'string') throw new Error(`An entry cannot be unpacked: ${payload}.`);
  return payload.toString('utf8');
}
