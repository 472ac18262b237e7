import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cache, CacheEntityRecord } from '@envelop/response-cache';
import { createCache, type CacheReader, type Coherence } from '../cache.ts';
import type { EncryptionKey } from '../codec/encryption-keys.ts';
import type { AppendableChangeLog, Tenant } from '../coherence/change-log.ts';
import { createMemoryLog } from '../coherence/memory-log.ts';
import { TagMap } from '../coherence/tag-map.ts';
import type { Emit } from '../events.ts';
import { createMemoryStore } from '../stores/memory.ts';
import { createRemoteStore, type BlobStore } from '../stores/remote.ts';
import { createAnnouncer } from './announcer.ts';
import { answerTags, changeTags, type Precision } from './answer-tags.ts';
import { checkOptions } from './check-options.ts';

export interface CoherentCacheOptions<Context> {
  /** What has changed. @default a log in this process: for a server that runs as one process */
  log?: AppendableChangeLog;
  /** The second level, shared by processes: any envelop `Cache`, such as `createRedisCache({ redis })`. @default none */
  store?: BlobStore | null;
  /** Entries in the second level are signed with it. @default none: damage is noticed, forgery is not */
  secret?: string;
  /** Encrypts the second level, the first of them new entries: `parseEncryptionKeys(text)` reads them. @default none */
  encryptionKeys?: readonly EncryptionKey[];
  /** @default strict: an answer is never older than the last invalidation that was awaited */
  coherence?: Coherence;
  /** Whether answers without lists depend on whole types or on the entities they show. @default 'type' */
  precision?: Precision;
  /** As given to the plugin. @default ['id'] */
  idFields?: readonly string[];
  /** Whose answer this is: tenants share nothing, and invalidate nothing of each other. @default one for all */
  tenantOf?: (context: Context) => Tenant;
  /** Bytes of answers in this process. @default 256 MiB */
  maxBytes?: number;
  /** How long an answer is kept at most, in milliseconds; the plugin's own default is for ever. @default 24 h */
  maxTtlMs?: number;
  /** Hits, misses, failures. @default nobody listens */
  emit?: Emit;
}

/**
 * An envelop `Cache`. The plugin calls it with each request's context, and so gets one of its own for each request;
 * by itself it follows the caller's asynchronous context instead.
 */
export type CoherentResponseCache<Context> = Cache &
  ((context: Context) => Cache) & {
    /** Resolves when every invalidation so far is in the log: before a mutation is answered, wait for it. */
    settled(): Promise<void>;
  };

/** The reader that looked each answer up and did not find it: what is stored later is as new as what that one knew. */
type Lookups = Map<string, CacheReader>;

const maxLookups = 1_000;
const operation = 'response';
const onlyTenant: Tenant = 'default';

/**
 * A cache for useResponseCache of @envelop/response-cache that serves nothing stale. The plugin stores an answer after
 * it was computed, when nobody can tell any more how old its data is; but it always looks for it first. So the position
 * of the change log at that look-up, which comes before the execution, is the stamp of the answer. An answer that was
 * not looked up before is not stored.
 */
export function createCoherentCache<Context extends object = Record<string, unknown>>(
  options: CoherentCacheOptions<Context> = {},
): CoherentResponseCache<Context> {
  checkOptions(options);
  const {
    log = createMemoryLog(),
    store,
    secret,
    encryptionKeys,
    emit = () => {},
    maxTtlMs = 24 * 3_600_000,
  } = options;
  const tagging = { precision: options.precision ?? 'type', idFields: options.idFields ?? ['id'] };
  const clocks = { monotonicMs: () => performance.now(), nowMs: () => Date.now(), emit };
  const announcer = createAnnouncer(log, emit);
  const cache = createCache({
    log,
    memory: createMemoryStore({ maxBytes: options.maxBytes, emit }),
    remote: store ? createRemoteStore({ store, secret, encryptionKeys, ...clocks }) : null,
    coherence: options.coherence ?? { mode: 'strict' },
    tags: new TagMap(),
    ...clocks,
  });

  const find = async (tenant: Tenant, lookups: Lookups, id: string) => {
    try {
      // Changes of this node that the log does not have yet are nothing that others could know of; this node does.
      if (!(await announcer.hasTold(tenant))) return null;
      const reader = await cache.begin(tenant);
      const found = await reader.find({ key: id, operation });
      if (found) return JSON.parse(Buffer.from(found.entry.body).toString('utf8'));
      if (!lookups.has(id)) lookups.set(id, reader); // the earliest: it knew least
      forgetOldest(lookups);
    } catch (error) {
      emit({ type: 'error', where: 'get', error });
    }
    return null;
  };

  const viewOf = (tenant: Tenant, lookupsNow: () => Lookups): Cache => ({
    get: (id) => find(tenant, lookupsNow(), id),
    async set(id, result, entities, ttlMs) {
      const lookups = lookupsNow();
      const reader = lookups.get(id);
      lookups.delete(id);
      if (!reader) return;
      try {
        const body = Buffer.from(JSON.stringify(result));
        const tags = answerTags(result.data, entities, tagging);
        reader.keep({ key: id, operation }, { body, meta: {}, tags, ttlMs: Math.min(ttlMs, maxTtlMs) });
      } catch (error) {
        emit({ type: 'error', where: 'set', error });
      }
    },
    async invalidate(entities: Iterable<CacheEntityRecord>) {
      const tags = changeTags(entities);
      if (tags.length > 0) await announcer.announce(tenant, tags);
    },
  });

  const ofRequest = (context: Context): Cache => {
    const lookups: Lookups = new Map();
    return viewOf(options.tenantOf?.(context) ?? onlyTenant, () => lookups);
  };
  const chain = new AsyncLocalStorage<Lookups>();
  const ofChain = () => {
    const lookups = chain.getStore() ?? new Map();
    chain.enterWith(lookups);
    return lookups;
  };
  return Object.assign(ofRequest, viewOf(onlyTenant, ofChain), { settled: () => announcer.settled() });
}

/** Forgetting one means that its answer is not stored, if it still comes. */
function forgetOldest(lookups: Lookups): void {
  for (const id of lookups.keys()) {
    if (lookups.size <= maxLookups) return;
    lookups.delete(id);
  }
}
