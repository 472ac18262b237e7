import { z } from 'zod';
import { EncryptionKeysError, parseEncryptionKeys, type Coherence, type EncryptionKey } from '../cache/index.ts';
import type { PersistedMode } from '../http/persisted-operations.ts';

/** Every setting, resolved once. Unset means: the embedded database and the demo tenants. */
export interface Config {
  readonly port: number;
  /** null: start the embedded database under `dataDir`. */
  readonly databaseUrl: string | null;
  /** A replica that queries may read from; null: everything is read from the primary. */
  readonly replicaUrl: string | null;
  readonly cache: CacheConfig;
  /** Where the embedded database and the development secret live. @default .data */
  readonly dataDir: string;
  readonly jwt: JwtConfig;
  /** Whether operations may, or must, be sent by the ids of their documents. @default allow */
  readonly persistedOperations: PersistedMode;
  /** Whether answers tell what the cache did: `extensions.cache`. @default development */
  readonly cacheReport: boolean;
  readonly seedDemo: boolean;
  readonly migrateOnStart: boolean;
  readonly logLevel: LogLevel;
  /** Development: GraphiQL, Server-Timing and demo tokens are on. @default NODE_ENV is not "production" */
  readonly development: boolean;
}

export interface CacheConfig {
  /** The second level, shared by nodes; null: each process keeps its own answers only. */
  readonly redisUrl: string | null;
  /** @default strict */
  readonly coherence: Coherence;
  /** Bytes of ready answers in this process. @default 256 MiB */
  readonly maxBytes: number;
  /** What lies in the second level is encrypted with the first; the others still open what is older. None: it is not. */
  readonly encryptionKeys: readonly EncryptionKey[];
  /** Other systems may purge with requests that are signed with it; null: none may. */
  readonly purgeSecret: string | null;
}

export interface JwtConfig {
  /** HS256 secret; null with a JWKS, or while the development secret under `dataDir` is to be used. */
  readonly secret: string | null;
  readonly jwksUrl: string | null;
  readonly issuer: string | null;
  readonly audience: string | null;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const persistedModes = ['off', 'allow', 'require'] as const;
const onOff = z.enum(['on', 'off'], 'Write "on" or "off".').transform((value) => value === 'on');
const url = (protocols: string[]) =>
  z.string().refine((value) => URL.canParse(value) && protocols.includes(new URL(value).protocol), {
    message: `Write an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`,
  });

const environment = z.object({
  NODE_ENV: z.string().optional(),
  PORT: z
    .string()
    .regex(/^\d+$/, 'Write a port number from 0 to 65535.')
    .transform(Number)
    .refine((port) => port <= 65_535, 'Write a port number from 0 to 65535.')
    .default(4000),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_REPLICA_URL: url(['postgres:', 'postgresql:']).optional(),
  REDIS_URL: url(['redis:', 'rediss:']).optional(),
  CACHE_COHERENCE: z
    .string()
    .regex(/^(strict|bounded:[1-9]\d{0,6})$/, 'Write "strict", or "bounded:<milliseconds>" such as bounded:500.')
    .default('strict'),
  CACHE_L1_MAX_BYTES: z
    .string()
    .regex(/^[1-9]\d{5,14}$/, 'Write a number of bytes, at least 100000: 268435456 is 256 MiB.')
    .transform(Number)
    .default(256 * 1024 * 1024),
  CACHE_PURGE_SECRET: z
    .string()
    .min(32, 'Use at least 32 characters: `openssl rand -base64 48` makes some.')
    .optional(),
  CACHE_ENCRYPTION_KEYS: z.string().transform(encryptionKeysOf).optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  JWT_SECRET: z.string().min(32, 'Use at least 32 characters: `openssl rand -base64 48` makes some.').optional(),
  JWT_JWKS_URL: url(['https:', 'http:']).optional(),
  JWT_ISSUER: z.string().min(1).optional(),
  JWT_AUDIENCE: z.string().min(1).optional(),
  PERSISTED_OPERATIONS: z.enum(persistedModes, 'Write "off", "allow" or "require".').default('allow'),
  CACHE_REPORT: onOff.optional(),
  SEED_DEMO: onOff.optional(),
  MIGRATE_ON_START: onOff.default(true),
  LOG_LEVEL: z.enum(logLevels, `Write one of ${logLevels.join(', ')}.`).default('info'),
});

/** Thrown with every wrong variable at once, so that a start is mended in one go. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** The only reader of the environment. An empty variable counts as unset. */
export function parseConfig(env: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(set);
  const problems = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...clashes(set),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const value = parsed.data;
  return Object.freeze({
    port: value.PORT,
    databaseUrl: value.DATABASE_URL ?? null,
    replicaUrl: value.DATABASE_REPLICA_URL ?? null,
    cache: Object.freeze({
      redisUrl: value.REDIS_URL ?? null,
      coherence: coherenceOf(value.CACHE_COHERENCE),
      maxBytes: value.CACHE_L1_MAX_BYTES,
      encryptionKeys: value.CACHE_ENCRYPTION_KEYS ?? [],
      purgeSecret: value.CACHE_PURGE_SECRET ?? null,
    }),
    dataDir: value.DATA_DIR,
    jwt: Object.freeze({
      secret: value.JWT_SECRET ?? null,
      jwksUrl: value.JWT_JWKS_URL ?? null,
      issuer: value.JWT_ISSUER ?? null,
      audience: value.JWT_AUDIENCE ?? null,
    }),
    persistedOperations: value.PERSISTED_OPERATIONS,
    cacheReport: value.CACHE_REPORT ?? value.NODE_ENV !== 'production',
    seedDemo: value.SEED_DEMO ?? value.DATABASE_URL === undefined,
    migrateOnStart: value.MIGRATE_ON_START,
    logLevel: value.LOG_LEVEL,
    development: value.NODE_ENV !== 'production',
  });
}

/** What is wrong with settings that are each right by themselves. */
function clashes({ JWT_SECRET, JWT_JWKS_URL, DATABASE_URL, NODE_ENV }: Record<string, string | undefined>): string[] {
  if (JWT_SECRET && JWT_JWKS_URL) return ['JWT_JWKS_URL: Set JWT_SECRET or JWT_JWKS_URL, not both.'];
  const isShared = DATABASE_URL !== undefined || NODE_ENV === 'production';
  if (!isShared || JWT_SECRET || JWT_JWKS_URL) return [];
  return ['JWT_SECRET: Set JWT_SECRET (at least 32 characters) or JWT_JWKS_URL: only the embedded demo makes its own.'];
}

function coherenceOf(text: string): Coherence {
  const [mode, maxStalenessMs] = text.split(':');
  return mode === 'strict' ? { mode } : { mode: 'bounded', maxStalenessMs: Number(maxStalenessMs) };
}

function encryptionKeysOf(text: string, context: z.RefinementCtx): readonly EncryptionKey[] {
  try {
    return parseEncryptionKeys(text);
  } catch (error) {
    if (!(error instanceof EncryptionKeysError)) throw error;
    for (const message of error.problems) context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
}
