import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { ensureBuilt, until } from '../support/built-server.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';
import { Checker } from './checker/checker.ts';
import { startCluster, type Cluster } from './checker/cluster.ts';
import { faults } from './checker/faults.ts';
import { createFreshfieldWorkload, type FreshfieldWorkload } from './checker/freshfield-workload.ts';
import { createStockWorkload } from './checker/stock-workload.ts';

/** On demand: millions, `CHECKER_READS=5000000 npx vitest run test/consistency/checker.test.ts`. */
const wantedReads = Number(process.env['CHECKER_READS'] ?? 100_000);
const wantedExposed = wantedReads / 10;
/** A machine that does nothing else checks about a thousand reads a second. */
const patienceMs = 60_000 + 3 * wantedReads;
const boundMs = 400;
const server = join(import.meta.dirname, '../../dist/main.js');
const stockServer = join(import.meta.dirname, 'checker/stock-server.ts');

let world: World;
let redis: TestRedis;
/** Apart from the pool that the checker writes with: one that injects faults must never wait for it. */
let operator: pg.Pool;
let workload: FreshfieldWorkload;
let cluster: Cluster | null = null;
let checker: Checker | null = null;

beforeAll(async () => {
  ensureBuilt();
  world = await createWorld();
  operator = createPool({ connectionString: world.database.url, role: null, max: 4, onError: () => {} });
  redis = await startTestRedis();
  workload = await createFreshfieldWorkload(world);
});
afterEach(async () => {
  await checker?.stop();
  await cluster?.stop();
  [checker, cluster] = [null, null];
});
afterAll(async () => {
  await redis?.stop();
  await operator?.end();
  await world?.close();
});

it(
  'no strict read is older than what was acknowledged before it, whatever befalls Redis and the nodes',
  {
    timeout: 2 * patienceMs,
  },
  async () => {
    cluster = await startNodes();
    checker = new Checker({ cluster, workload });
    const { tally } = checker;
    await until(() => tally.reads > 5_000, patienceMs);
    const calmRatio = await checker.nextHitRatio();
    await redis.dump();
    const isEnough = () => tally.reads >= wantedReads && tally.exposed >= wantedExposed;
    do {
      for (const { name, inject } of faults) {
        const { recoveredAfterMs, note } = await inject({ checker, cluster, redis, workload, owner: operator });
        const hits = recoveredAfterMs === undefined ? [] : [`hits from it after ${recoveredAfterMs} ms`];
        tally.faults.push([name, ...(note ? [note] : []), ...hits].join(', '));
      }
    } while (tally.reads < wantedReads / 2);
    await until(isEnough, patienceMs);
    const ratioAfterwards = await checker.nextHitRatio();
    await checker.stop();
    console.log(tally.describe('Strict'));
    console.log(`  hits before any fault ${percent(calmRatio)}, after all of them ${percent(ratioAfterwards)}`);

    expect(tally.stale).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(tally.failed).toBe(0);
    expect(tally.unknownWrites).toBeGreaterThan(0);
    // It is a cache that was tried, and one that comes back.
    expect(calmRatio).toBeGreaterThan(0.4);
    expect(ratioAfterwards).toBeGreaterThan(0.7 * calmRatio);
  },
);

it(
  'a bounded read is older by no more than the bound, and not at all with the token of the change',
  {
    timeout: 120_000,
  },
  async () => {
    cluster = await startNodes({ CACHE_COHERENCE: `bounded:${boundMs}` });
    checker = new Checker({ cluster, workload, boundMs, sendTokens: true });
    const { tally } = checker;
    await until(() => tally.reads >= wantedReads / 10 && tally.tokenReads > 100 && tally.behind > 100, 90_000);
    await checker.stop();
    console.log(tally.describe(`Bounded by ${boundMs} ms`));
    expect(tally.stale).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(tally.failed).toBe(0);
    expect(tally.furthestBehindMs).toBeLessThanOrEqual(boundMs);
  },
);

it(
  'the same checker finds stale reads in the response cache it is to be better than',
  { timeout: 120_000 },
  async () => {
    const [tenant] = workload.tenants;
    if (!tenant) throw new Error('The workload has no tenant.');
    cluster = await startCluster({
      size: 3,
      command: ['--import', 'tsx', stockServer],
      readyPath: '/health',
      variables: { DATABASE_URL: world.database.url, REDIS_URL: redis.url, TENANT_ID: tenant.id },
    });
    checker = new Checker({ cluster, workload: createStockWorkload(tenant) });
    const { tally } = checker;
    await until(() => tally.reads >= wantedReads / 20, 90_000);
    await checker.stop();
    console.log(tally.describe('Stock cache, mutations only'));
    expect(tally.failed).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(tally.stale).toBeGreaterThan(0);
  },
);

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function startNodes(variables: Record<string, string> = {}): Promise<Cluster> {
  return startCluster({
    size: 3,
    command: [server],
    readyPath: '/health/ready',
    variables: {
      DATABASE_URL: world.database.url,
      REDIS_URL: redis.url,
      JWT_SECRET: testTokens.secret ?? '',
      SEED_DEMO: 'off',
      LOG_LEVEL: 'warn',
      ...variables,
    },
  });
}
