import { createHash } from 'node:crypto';
import { printSchema, type GraphQLSchema } from 'graphql';
import type pg from 'pg';
import type { Logger } from 'pino';
import {
  createCache,
  createCounters,
  createEvents,
  createMemoryStore,
  createRemoteStore,
  TagMap,
  type BlobStore,
  type Coherence,
  type CoherentCache,
  type Counters,
  type EncryptionKey,
  type Events,
  type HeldHere,
  type RemoteStore,
} from '../cache/index.ts';
import { createPostgresChangeLog } from '../db/change-log.ts';
import { logCacheEvents } from './log-cache-events.ts';

export interface CacheOptions {
  /** @default strict */
  coherence?: Coherence;
  /** Bytes of ready answers in this process. @default 256 MiB */
  maxBytes?: number;
  /** The second level, shared by nodes. @default none */
  store?: BlobStore | null;
  /** What lies in the second level is encrypted with the first, and may still be with the others. @default none */
  encryptionKeys?: readonly EncryptionKey[];
  /** Whether values of single fields are kept by themselves, too. @default true */
  fields?: boolean;
  /** Other systems may purge with requests that are signed with it. @default none may */
  purgeSecret?: string | null;
}

export interface CacheServices {
  readonly cache: CoherentCache;
  readonly events: Events;
  readonly counters: Counters;
  /** Names the schema in keys and epochs: a node with another schema shares nothing with this one. */
  readonly schemaHash: string;
  /** What this node holds, for those who count it. */
  readonly here: HeldHere;
}

export interface CacheNeeds {
  schema: GraphQLSchema;
  /** On the primary, and used for nothing but reading the change log: a busy server still hears what changed. */
  logPool: pg.Pool;
  logger: Logger;
  /** What entries of the second level are found by, and signed with: the database's, so the same on all nodes. */
  secret: () => Promise<string>;
  /** The clock. */
  now: () => Date;
}

/** The cache engine with this server's change log, clocks and levels. */
export function createCacheServices(
  { schema, logPool, logger, secret, now }: CacheNeeds,
  options: CacheOptions = {},
): CacheServices {
  const schemaHash = createHash('sha256').update(printSchema(schema)).digest('base64url').slice(0, 16);
  const events = createEvents();
  const clocks = { monotonicMs: () => performance.now(), nowMs: () => now().getTime() };
  const { emit } = events;
  const { store = null, encryptionKeys } = options;
  logCacheEvents(events, logger, clocks.monotonicMs);
  const here = { memory: createMemoryStore({ maxBytes: options.maxBytes, emit }), tags: new TagMap() };
  const cache = createCache({
    ...here,
    log: createPostgresChangeLog({ pool: logPool, schemaHash }),
    remote:
      store &&
      signedWith(secret, (known) => createRemoteStore({ store, secret: known, encryptionKeys, ...clocks, emit })),
    coherence: options.coherence ?? { mode: 'strict' },
    logTimeoutMs: 1_000,
    ...clocks,
    emit,
  });
  return { cache, events, counters: createCounters(events), schemaHash, here: { ...here, nowMs: clocks.nowMs } };
}

/** The secret is in the database, which may be away when the server starts: until it is known, nothing is shared. */
function signedWith(secret: () => Promise<string>, create: (secret: string) => RemoteStore): RemoteStore {
  let created: RemoteStore | null = null;
  const opened = async () => (created ??= create(await secret()));
  return {
    get: async (tenant, key) => (await opened().catch(() => null))?.get(tenant, key) ?? null,
    getMany: async (tenant, keys) => (await opened().catch(() => null))?.getMany(tenant, keys) ?? keys.map(() => null),
    set: async (tenant, key, entry) => (await opened().catch(() => null))?.set(tenant, key, entry) ?? false,
  };
}
