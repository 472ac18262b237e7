import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type pg from 'pg';
import { pino, type Logger } from 'pino';
import type { Counters, Events } from '../cache/index.ts';
import { createCacheFacts } from '../db/cache-facts.ts';
import { applicationRole, createPool, type PoolOptions } from '../db/pool.ts';
import { createReadinessCheck } from '../db/readiness.ts';
import { buildSchema } from '../graphql/schema.ts';
import { createFrontDoor, type ServePage } from '../http/front-door.ts';
import { defaultLimits, type Limits } from '../http/limits.ts';
import { createPersistedOperations, type PersistedMode } from '../http/persisted-operations.ts';
import { createPurgeEndpoint } from '../http/purge-endpoint.ts';
import { createResponseCache } from '../http/response-cache.ts';
import { createTokenVerifier, type VerifierOptions } from '../http/tokens.ts';
import { createGraphqlServer } from '../http/yoga.ts';
import '../modules/index.ts';
import { loadViewer } from '../modules/people/load-viewer.ts';
import { createCacheManager } from './cache-manager.ts';
import { createCacheServices, type CacheOptions } from './cache-services.ts';
import { hashCode } from './code-hash.ts';
import { drain, endPool } from './drain.ts';

export interface AppOptions {
  databaseUrl: string;
  /** A replica that queries may read from; changes are always read from the primary. @default none */
  replicaUrl?: string;
  tokens: VerifierOptions;
  /** The clock. @default the system's */
  now?: () => Date;
  /** One line per request, and every unexpected error. @default silent */
  logger?: Logger;
  /** Server-Timing, and errors that suggest names of the schema. @default true */
  development?: boolean;
  /** Whether operations may, or must, be sent by the ids of their documents. @default allow */
  persistedOperations?: PersistedMode;
  /** Whether answers tell what the cache did: `extensions.cache`. @default development */
  cacheReport?: boolean;
  /** @default defaultLimits */
  limits?: Partial<Limits>;
  /** Connections and how long to wait for them. */
  pool?: Pick<PoolOptions, 'max' | 'connectTimeoutMs' | 'statementTimeoutMs'>;
  /** How answers are kept. */
  cache?: CacheOptions;
  /** Names the code that makes what is kept: servers share it with those of the same name only. @default of its files */
  codeHash?: string;
  /** GraphiQL and other pages. @default none */
  servePage?: ServePage;
}

export interface App {
  readonly pool: pg.Pool;
  /** What the cache does, as it does it. */
  readonly events: Events;
  readonly counters: Counters;
  readonly server: Server;
  /** Starts listening; answers the base address, `http://localhost:4000`. */
  listen(port: number): Promise<string>;
  /** Stops accepting, drains what runs, gives every connection back. */
  close(): Promise<void>;
}

const ownCodeHash = hashCode(join(import.meta.dirname, '..'));

/** All wiring, in one place; main, the commands and the tests start from here. */
export function createApp(options: AppOptions): App {
  const {
    databaseUrl,
    tokens,
    now = () => new Date(),
    logger = pino({ level: 'silent' }),
    development = true,
    codeHash = ownCodeHash,
  } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const open = (connectionString: string, more: Partial<PoolOptions> = {}) =>
    createPool({
      ...options.pool,
      ...more,
      connectionString,
      role: applicationRole,
      onError: (error) => logger.warn({ code: (error as { code?: string }).code }, 'a database connection broke'),
    });
  const pool = open(databaseUrl, { primaryOnly: true });
  // Every request waits for the log: a database that takes longer than this to say what changed is not there.
  const logPool = open(databaseUrl, {
    primaryOnly: true,
    max: 2,
    connectTimeoutMs: 1_500,
    statementTimeoutMs: 1_000,
    silenceTimeoutMs: 1_500,
  });
  const replica = options.replicaUrl ? open(options.replicaUrl) : null;
  const cacheFacts = createCacheFacts(pool);
  const schema = buildSchema();
  const { cache, events, counters, schemaHash, here } = createCacheServices(
    { schema, logPool, logger, secret: async () => (await cacheFacts()).keySecret, now },
    options.cache,
  );
  const tellsCache = options.cacheReport ?? development;
  const serving = {
    graphql: createGraphqlServer({ schema, limits, suggestions: development }),
    findOperation: createPersistedOperations({ mode: options.persistedOperations ?? 'allow' }),
    tellsCache,
    pool,
    replica,
    cache,
    cacheFacts,
    codeHash,
    responses: createResponseCache({
      schema,
      schemaHash,
      codeHash,
      hardTimeoutMs: limits.durationMs,
      now,
      keepsFields: options.cache?.fields,
      explainsHits: tellsCache,
    }),
    loadViewer,
    logger,
    now,
  };
  const cacheManager = createCacheManager({ ...serving, schema, here });
  const purgeSecret = options.cache?.purgeSecret;
  const frontDoor = createFrontDoor({
    ...serving,
    cacheManager,
    answerPurge: purgeSecret ? createPurgeEndpoint({ secret: purgeSecret, pool, cacheManager, limits, now }) : null,
    verifyToken: createTokenVerifier(tokens),
    readiness: createReadinessCheck(pool),
    limits,
    timing: development,
    servePage: options.servePage,
  });
  // Room for an address that is too long, so that the front door says so in its own words.
  const maxHeaderSize = 64 * 1024;
  const server = createServer({ requestTimeout: limits.durationMs, maxHeaderSize }, frontDoor);
  return {
    pool,
    events,
    counters,
    server,
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, () => {
          server.off('error', reject);
          resolve(`http://localhost:${(server.address() as AddressInfo).port}`);
        });
      }),
    async close() {
      await drain(server);
      await Promise.all([pool, logPool, ...(replica ? [replica] : [])].map(endPool));
    },
  };
}
