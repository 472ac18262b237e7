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
  });
  expect(config.port).toBe(4000);
});

it('seeds no demo into a database of your own unless told to', () => {
  const own = { DATABASE_URL: 'postgres://localhost/db', JWT_SECRET: secret };
  expect(parseConfig(own).seedDemo).toBe(false);
  expect(parseConfig({ ...own, SEED_DEMO: 'on' }).seedDemo).toBe(true);
});

it('names every wrong variable at once, those that clash included', () => {
  const wrong = {
    PORT: 'http',
    DATABASE_URL: 'mysql://localhost/db',
    DATABASE_REPLICA_URL: 'nowhere',
    REDIS_URL: 'localhost:6379',
    CACHE_COHERENCE: 'eventually',
    CACHE_L1_MAX_BYTES: '1GB',
    SEED_DEMO: 'yes',
    LOG_LEVEL: 'loud',
  };
  const problems = problemsOf(wrong);
  for (const name of [...Object.keys(wrong), 'JWT_SECRET']) {
    expect(problems.filter((problem) => problem.startsWith(`${name}: `))).toHaveLength(1);
  }
  expect(problemsOf({ JWT_SECRET: secret, JWT_JWKS_URL: 'https://issuer.test/keys' })).toHaveLength(1);
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
