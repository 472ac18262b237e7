import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { ensureBuilt } from '../support/built-server.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';
import { Checker } from './checker/checker.ts';
import { startCluster, type Cluster } from './checker/cluster.ts';
import { describeTally } from './checker/describe-tally.ts';
import { runPhase, type Fault } from './checker/fault.ts';
import { calm, deadly, faults } from './checker/faults.ts';
import { createFreshfieldWorkload, type FreshfieldWorkload } from './checker/freshfield-workload.ts';
import { createStockWorkload } from './checker/stock-workload.ts';
import type { Phase } from './checker/tally.ts';

/** `CHECKER_READS=5000000 npm run test:checker` for more of the same. */
const wantedReads = Number(process.env['CHECKER_READS'] ?? 100_000);
const wantedExposed = wantedReads / 10;
/** All faults once for so many reads. */
const rounds = Math.max(1, Math.round(wantedReads / 100_000));
/** In each round a calm phase and the faults, and after all of them calm again. */
const readsPerPhase = Math.ceil(wantedReads / (rounds * (faults.length + 1) + 1));
/** Every fault meets reads, near changes too. */
const perPhase = {
  reads: readsPerPhase,
  exposed: Math.ceil(readsPerPhase / 50),
  writes: Math.ceil(readsPerPhase / 500),
};
/** For the whole strict run: several times what two cores need that do little else. */
const patienceMs = 60_000 + 2.4 * wantedReads;
/** To start and to stop, and for a fault that has begun by then. */
const graceMs = 90_000;
const boundMs = 400;
const shortReads = 3_000;
const shortPatienceMs = 60_000;
const server = join(import.meta.dirname, '../../dist/main.js');
const stockServer = join(import.meta.dirname, 'checker/stock-server.ts');

let world: World;
let redis: TestRedis;
/** With a connection for each writer of the checker. */
let writers: pg.Pool;
/** With those that inject faults: they must never wait for a writer. */
let operator: pg.Pool;
let workload: FreshfieldWorkload;
let cluster: Cluster | null = null;
let checker: Checker | null = null;

beforeAll(async () => {
  ensureBuilt();
  world = await createWorld();
  const pool = { connectionString: world.database.url, role: null, connectTimeoutMs: 30_000, onError: () => {} };
  writers = createPool({ ...pool, max: 8, statementTimeoutMs: 30_000 });
  operator = createPool({ ...pool, max: 4 });
  redis = await startTestRedis();
  workload = await createFreshfieldWorkload(world, writers);
});
afterEach(async () => {
  const stopped = checker?.stop();
  await cluster?.stop(); // so that readers who wait for an answer need wait no longer
  await stopped;
  [checker, cluster] = [null, null];
});
afterAll(async () => {
  await redis?.stop();
  await operator?.end();
  await writers?.end();
  await world?.close();
});

it(
  'no strict read is older than what was acknowledged before it, whatever befalls Redis and the nodes',
  { timeout: patienceMs + graceMs },
  async () => {
    const deadlineMs = performance.now() + patienceMs;
    cluster = await startNodes();
    checker = new Checker({ cluster, workload, phase: 'first answers' });
    const { tally } = checker;
    const run = { checker, cluster, redis, workload, owner: operator };
    const pass = (fault: Fault) => runPhase({ run, fault, atLeast: perPhase, deadlineMs });
    try {
      await pass(calm);
      for (let round = 0; round < rounds; round += 1) {
        await redis.dump();
        for (const fault of faults) await pass(fault);
        await pass(calm);
      }
      await checker.until(
        () => tally.total.exposed >= wantedExposed,
        Math.max(1_000, deadlineMs - performance.now()),
        () => `Only ${tally.total.exposed} of ${wantedExposed} reads were asked near a change.`,
      );
      await checker.stop();
    } finally {
      console.log(describeTally('Strict', tally));
    }

    const { total, phases } = tally;
    expect(total.stale).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(total.failed).toBe(0);
    expect(total.reads).toBeGreaterThanOrEqual(wantedReads);
    expect(total.exposed).toBeGreaterThanOrEqual(wantedExposed);
    // Every fault met what it was to meet, and answers out of a cache.
    for (const { name } of faults) {
      const met = phases.filter((phase) => phase.name === name);
      expect(met, name).toHaveLength(rounds);
      for (const { counts } of met) {
        expect(counts.reads, name).toBeGreaterThanOrEqual(perPhase.reads);
        expect(counts.exposed, name).toBeGreaterThanOrEqual(perPhase.exposed);
        expect(counts.writes, name).toBeGreaterThanOrEqual(perPhase.writes);
        expect(counts.L1, name).toBeGreaterThan(0);
      }
    }
    // Mutations did die with their node: nobody was told how they ended.
    for (const { counts } of phases.filter(({ name }) => name === deadly.name))
      expect(counts.unknown).toBeGreaterThan(0);
    // It is a cache that was tried, on both levels, and one that comes back.
    const [before, after] = [phases.find(isCalm), phases.findLast(isCalm)];
    expect(total.L2).toBeGreaterThan(wantedReads / 1_000);
    expect(before?.counts.hitRatio).toBeGreaterThan(0.4);
    expect(after?.counts.hitRatio).toBeGreaterThan(0.7 * (before?.counts.hitRatio ?? 1));
  },
);

it(
  'a bounded read is older by no more than the bound, and not at all with the token of the change',
  { timeout: shortPatienceMs + graceMs },
  async () => {
    cluster = await startNodes({ CACHE_COHERENCE: `bounded:${boundMs}` });
    // Few readers, or one of them always misses, and its look at the log makes all others fresh.
    checker = new Checker({ cluster, workload, boundMs, sendTokens: true, readers: 24, readsPerWrite: 40 });
    const { tally } = checker;
    await untilSeen(checker, () => tally.total.reads >= shortReads && tally.tokenReads > 100 && tally.behind > 50);
    await checker.stop();
    console.log(describeTally(`Bounded by ${boundMs} ms`, tally));
    expect(tally.total.stale).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(tally.total.failed).toBe(0);
    expect(tally.furthestBehindMs).toBeLessThanOrEqual(boundMs);
  },
);

it(
  'the same checker finds stale reads in the response cache it is to be better than',
  { timeout: shortPatienceMs + graceMs },
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
    await untilSeen(checker, () => tally.total.reads >= shortReads);
    await checker.stop();
    console.log(describeTally('Stock cache, mutations only', tally));
    expect(tally.total.failed).toBe(0);
    expect(tally.impossible).toBe(0);
    expect(tally.total.stale).toBeGreaterThan(0);
  },
);

function isCalm({ name }: Phase): boolean {
  return name === calm.name;
}

function untilSeen(ours: Checker, isEnough: () => boolean): Promise<void> {
  return ours.until(
    isEnough,
    shortPatienceMs,
    () => `Too little was seen within ${shortPatienceMs} ms. ${describeTally('So far', ours.tally)}`,
  );
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
