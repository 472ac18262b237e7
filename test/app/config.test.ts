import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { ConfigError, parseConfig } from '../../src/app/config.ts';

const secret = 'a secret long enough for the settings';

it('needs nothing: the embedded database, strict, no Redis', () => {
  expect(parseConfig({})).toMatchObject({
    port: 4000,
    databaseUrl: null,
    replicaUrl: null,
    cache: { redisUrl: null, coherence: { mode: 'strict' }, maxBytes: 268_435_456 },
    seedDemo: true,
  });
});

it('takes how fresh cached answers are, and counts an empty variable as unset', () => {
  const config = parseConfig({
    CACHE_COHERENCE: 'bounded:500',
    CACHE_L1_MAX_BYTES: '1000000',
    REDIS_URL: '',
    PORT: '',
  });
  expect(config.cache).toEqual({
    redisUrl: null,
    coherence: { mode: 'bounded', maxStalenessMs: 500 },
    maxBytes: 1_000_000,
    encryptionKeys: [],
    purgeSecret: null,
  });
  expect(config.port).toBe(4000);
});

it('seeds no demo into a database of your own unless told to', () => {
  const own = { DATABASE_URL: 'postgres://localhost/db', JWT_SECRET: secret };
  expect(parseConfig(own).seedDemo).toBe(false);
  expect(parseConfig({ ...own, SEED_DEMO: 'on' }).seedDemo).toBe(true);
});

it('takes ids of documents, and tells what the cache did in development only, unless told otherwise', () => {
  expect(parseConfig({})).toMatchObject({ persistedOperations: 'allow', cacheReport: true });
  const production = { NODE_ENV: 'production', JWT_SECRET: secret };
  expect(parseConfig(production).cacheReport).toBe(false);
  expect(parseConfig({ ...production, CACHE_REPORT: 'on' }).cacheReport).toBe(true);
  for (const mode of ['off', 'allow', 'require']) {
    expect(parseConfig({ PERSISTED_OPERATIONS: mode, CACHE_REPORT: 'off' })).toMatchObject({
      persistedOperations: mode,
      cacheReport: false,
    });
  }
});

it('names every wrong variable at once, those that clash included', () => {
  const wrong = {
    PORT: 'http',
    DATABASE_URL: 'mysql://localhost/db',
    DATABASE_REPLICA_URL: 'nowhere',
    REDIS_URL: 'localhost:6379',
    CACHE_COHERENCE: 'eventually',
    CACHE_L1_MAX_BYTES: '1GB',
    CACHE_PURGE_SECRET: 'too short',
    PERSISTED_OPERATIONS: 'on',
    CACHE_REPORT: 'yes',
    SEED_DEMO: 'yes',
    LOG_LEVEL: 'loud',
  };
  const problems = problemsOf(wrong);
  for (const name of [...Object.keys(wrong), 'JWT_SECRET']) {
    expect(problems.filter((problem) => problem.startsWith(`${name}: `))).toHaveLength(1);
  }
  expect(problemsOf({ JWT_SECRET: secret, JWT_JWKS_URL: 'https://issuer.test/keys' })).toHaveLength(1);
});

it('takes keys for the second level, and says what is wrong with them but never what they are', () => {
  const [one, two, short] = [32, 32, 31].map((size) => randomBytes(size).toString('base64')) as [
    string,
    string,
    string,
  ];
  const { cache } = parseConfig({ CACHE_ENCRYPTION_KEYS: `2026b:${one},2026a:${two}` });
  expect(cache.encryptionKeys.map(({ id }) => id)).toEqual(['2026b', '2026a']);
  const problems = problemsOf({ CACHE_ENCRYPTION_KEYS: `2026b:${one},${two},2025:${short}` });
  expect(problems).toEqual([
    expect.stringMatching(/^CACHE_ENCRYPTION_KEYS: Key 2 is not written as <name>:<base64>/),
    expect.stringMatching(/^CACHE_ENCRYPTION_KEYS: Key 3 has 31 bytes and needs 32/),
  ]);
  for (const key of [one, two, short]) expect(problems.join()).not.toContain(key.slice(0, 8));
});

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}
