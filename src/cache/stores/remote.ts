import { createCodec } from '../codec/codec.ts';
import type { EncryptionKey } from '../codec/encryption-keys.ts';
import type { Tenant } from '../coherence/change-log.ts';
import type { Entry } from '../entry.ts';
import type { Emit } from '../events.ts';
import { createKey } from '../key.ts';
import { createBreaker } from './breaker.ts';

/**
 * What the second level needs of a store: any `Cache` of @envelop/response-cache fits, used as a blob store and never
 * asked to invalidate anything.
 */
export interface BlobStore {
  get(id: string): PromiseLike<unknown> | unknown;
  /** What `get` would answer for each of them, in one round trip. @default as many gets at once */
  getMany?(ids: readonly string[]): PromiseLike<readonly unknown[]>;
  /** `entities` is always empty; `ttl` in milliseconds. */
  set(id: string, data: BlobResult, entities: Iterable<never>, ttl: number): PromiseLike<void> | void;
}

/** An entry in the clothes of an execution result, which is what such stores take. */
export interface BlobResult {
  data: Record<string, unknown>;
}

export interface RemoteStoreOptions {
  store: BlobStore;
  /** Ids are made with it and blobs signed, the same on all nodes. @default none: damage is noticed, forgery is not */
  secret?: string;
  /** Encrypts blobs instead: the first key new ones, the others only open older ones. @default none */
  encryptionKeys?: readonly EncryptionKey[];
  /** How long one command may take before the read goes on without it, in milliseconds. @default 50 */
  timeoutMs?: number;
  /** Failures in a row that open the breaker. @default 5 */
  failuresToOpen?: number;
  /** How long an open breaker lets no command through, in milliseconds. @default 1000 */
  openForMs?: number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
  /** Wall clock, in milliseconds since 1970. */
  nowMs: () => number;
  /** Runs something later; answers how to call it off. @default setTimeout */
  startTimer?: (run: () => void, afterMs: number) => () => void;
  emit: Emit;
}

/** The second level: shared by nodes, allowed to be slow, empty, wrong or gone. It costs misses, never a request. */
export interface RemoteStore {
  get(tenant: Tenant, key: string): Promise<Entry | null>;
  /** An entry or null for each key, in their order. One command, whatever their number: it fails for all of them. */
  getMany(tenant: Tenant, keys: readonly string[]): Promise<(Entry | null)[]>;
  /** Whether it was stored; never rejects. */
  set(tenant: Tenant, key: string, entry: Entry): Promise<boolean>;
}

export function createRemoteStore(options: RemoteStoreOptions): RemoteStore {
  const { store, secret = '', encryptionKeys = [], timeoutMs = 50, failuresToOpen = 5, openForMs = 1_000 } = options;
  const { monotonicMs, nowMs, startTimer = startSystemTimer, emit } = options;
  const codec = createCodec({ secret, encryptionKeys });
  const idOf = (tenant: Tenant, key: string) => `${prefixOf(secret, tenant)}:${createKey(secret, ['id', tenant, key])}`;
  const breaker = createBreaker({ failuresToOpen, openForMs, monotonicMs, emit });

  const command = async <Result>(
    name: 'get' | 'set',
    run: () => PromiseLike<Result> | Result,
  ): Promise<Result | null> => {
    // Only a get proves that the store is back: `set` of createRedisCache resolves although its commands failed.
    if (name === 'set' ? !breaker.isClosed : !breaker.allows()) return null;
    const startedAt = monotonicMs();
    try {
      const result = await withTimeout(async () => run(), timeoutMs, startTimer);
      if (name === 'get') breaker.succeeded();
      emit({ type: 'remote', command: name, durationMs: monotonicMs() - startedAt, failed: false });
      return result;
    } catch (error) {
      breaker.failed();
      emit({ type: 'remote', command: name, durationMs: monotonicMs() - startedAt, failed: true });
      emit({ type: 'error', where: `remote ${name}`, error });
      return null;
    }
  };

  const open = async (tenant: Tenant, key: string, result: unknown): Promise<Entry | null> => {
    if (result === null || result === undefined) return null;
    const entry = await codec.decode(tenant, key, dataOf(result));
    if (typeof entry !== 'string') return entry;
    emit({ type: 'rejected-blob', tenant, reason: entry });
    return null;
  };
  /** A store that keeps text and finds no JSON has answered: it is not away. */
  const getFrom = async (id: string): Promise<unknown> => {
    try {
      return await store.get(id);
    } catch (error) {
      if (error instanceof SyntaxError) return error;
      throw error;
    }
  };
  const getManyFrom = async (ids: readonly string[]): Promise<readonly unknown[]> =>
    store.getMany ? store.getMany(ids) : Promise.all(ids.map(getFrom));

  return {
    async get(tenant, key) {
      return open(tenant, key, await command('get', () => getFrom(idOf(tenant, key))));
    },
    async getMany(tenant, keys) {
      if (keys.length === 0) return [];
      const ids = keys.map((key) => idOf(tenant, key));
      // Taken out one by one within the command: what is no list, or cannot be looked at, is a failure like any other.
      const results = await command('get', async () => {
        const fetched = await getManyFrom(ids);
        return ids.map((_, index) => fetched[index]);
      });
      return Promise.all(keys.map((key, index) => open(tenant, key, results?.[index])));
    },
    async set(tenant, key, entry) {
      const ttlMs = Math.floor(entry.expiresAtMs + entry.staleForMs - nowMs());
      if (!(ttlMs > 0 && Number.isSafeInteger(ttlMs))) return false; // nothing is ever stored without an expiry
      const blob = breaker.isClosed && (await codec.encode(tenant, key, entry));
      if (!blob) return false;
      const id = idOf(tenant, key);
      return (await command('set', async () => (await store.set(id, { data: { ...blob } }, [], ttlMs), true))) ?? false;
    },
  };
}

/**
 * What a store is told of whose entry it is: entries of one tenant begin alike, so that an operator who has the secret
 * can find them; nobody else can tell which tenant that is.
 */
function prefixOf(secret: string, tenant: Tenant): string {
  return createKey(secret, ['tenant', tenant]).slice(0, 22);
}

function dataOf(result: unknown): unknown {
  try {
    return (result as Partial<BlobResult>).data;
  } catch {
    return null; // not even plain data
  }
}

class TimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`No answer within ${timeoutMs} ms.`);
    this.name = 'TimeoutError';
  }
}

type StartTimer = NonNullable<RemoteStoreOptions['startTimer']>;

const startSystemTimer: StartTimer = (run, afterMs) => {
  const timer = setTimeout(run, afterMs);
  return () => clearTimeout(timer);
};

function withTimeout<Result>(run: () => Promise<Result>, timeoutMs: number, startTimer: StartTimer): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stopTimer = startTimer(() => reject(new TimeoutError(timeoutMs)), timeoutMs);
    run()
      .then(resolve, reject) // a late failure is swallowed here: nobody waits for it any more
      .finally(stopTimer);
  });
}
