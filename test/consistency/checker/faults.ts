import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { until } from '../../support/built-server.ts';
import type { TestRedis } from '../../support/redis.ts';
import type { Checker } from './checker.ts';
import type { Cluster } from './cluster.ts';
import type { CheckedTenant } from './freshfield-tenant.ts';
import type { FreshfieldWorkload } from './freshfield-workload.ts';
import { pick } from './workload.ts';

export interface FaultyWorld {
  checker: Checker;
  cluster: Cluster;
  redis: TestRedis;
  workload: FreshfieldWorkload;
  /** Connects as the owner of the tables. */
  owner: pg.Pool;
}

export interface Outcome {
  /** How long after Redis was back until an answer came from it, in milliseconds. */
  readonly recoveredAfterMs?: number;
  /** What else there is to say. */
  readonly note?: string;
}

export interface Fault {
  readonly name: string;
  readonly inject: (world: FaultyWorld) => Promise<Outcome>;
}

const recoveryPatienceMs = 30_000;

/** One after the other, while the load goes on. A dump must have been saved before. */
export const faults: readonly Fault[] = [
  {
    name: 'Redis paused',
    async inject({ redis, ...world }) {
      redis.pause();
      await delay(2_500);
      redis.resume();
      return { recoveredAfterMs: await recovery(world) };
    },
  },
  {
    name: 'Redis killed and restarted empty',
    async inject({ redis, ...world }) {
      await redis.kill();
      await delay(1_500);
      await redis.start('empty');
      return { recoveredAfterMs: await recovery(world) };
    },
  },
  {
    name: 'Redis restored from an old dump',
    async inject({ redis, ...world }) {
      await redis.kill();
      await redis.start('dump');
      const size = await redis.client.dbsize();
      if (size === 0) throw new Error('The dump was empty.');
      return { note: `${size} old entries`, recoveredAfterMs: await recovery(world) };
    },
  },
  {
    name: 'Redis squeezed to 2 MB',
    async inject({ redis }) {
      await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await redis.client.config('SET', 'maxmemory', '2mb');
      await crowd(redis);
      await delay(2_500);
      const evicted = await evictions(redis);
      if (evicted === 0) throw new Error('Nothing was evicted.');
      await redis.client.config('SET', 'maxmemory', '0');
      return { note: `${evicted} evictions` };
    },
  },
  {
    name: 'a node killed in mid-mutation',
    inject: killInMidMutation,
  },
  {
    name: 'a node paused',
    async inject({ cluster }) {
      const node = pick(cluster.nodes);
      node.pause();
      await delay(1_500);
      node.resume();
      return { note: node.name };
    },
  },
];

/**
 * One mutation hangs on a locked row, some on the seal of their commit, others are wherever they happen to be when the
 * node dies. It is started again.
 */
async function killInMidMutation({ cluster, checker, workload, owner }: FaultyWorld): Promise<Outcome> {
  const node = pick(cluster.nodes);
  const [held, free] = workload.tenants;
  if (!held || !free) throw new Error('The workload has too few tenants.');
  const { unknownWrites } = checker.tally;
  const lockers = await Promise.all([owner.connect(), owner.connect()]);
  const [rowLocker, sealLocker] = lockers;
  const mutate = (tenant: CheckedTenant, count: number) =>
    workload.writes.take(tenant, count).map(({ write }) => checker.write(write, node));
  let running: Promise<void>[];
  try {
    for (const client of lockers) await client.query('BEGIN');
    const [taken] = workload.writes.take(held, 1);
    if (!taken) throw new Error('Every asset is being written.');
    await rowLocker.query('SELECT FROM assets WHERE id = $1 FOR UPDATE', [taken.asset.id]);
    running = [checker.write(taken.write, node)];
    await until(() => isBlocked(owner, 'transactionid'));
    await sealLocker.query(`SELECT pg_advisory_xact_lock(hashtextextended('freshfield:' || $1::text, 0))`, [held.id]);
    running.push(...mutate(held, 3));
    await until(() => isBlocked(owner, 'advisory'));
    running.push(...mutate(free, 10));
    await delay(30 * Math.random());
    await node.kill();
  } finally {
    for (const client of lockers) {
      await client.query('ROLLBACK');
      client.release();
    }
  }
  await Promise.all(running);
  await delay(500);
  await node.start();
  return { note: `${node.name}, ${checker.tally.unknownWrites - unknownWrites} mutations died` };
}

async function isBlocked(owner: pg.Pool, event: string): Promise<boolean> {
  const { rowCount } = await owner.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = $1`,
    [event],
  );
  return (rowCount ?? 0) > 0;
}

async function recovery({ checker: { tally } }: Pick<FaultyWorld, 'checker'>): Promise<number> {
  const before = tally.hits.L2;
  const since = performance.now();
  await until(() => tally.hits.L2 > before + 5, recoveryPatienceMs);
  return Math.round(performance.now() - since);
}

/** Others use it too: more than there is room for. */
async function crowd({ client }: TestRedis): Promise<void> {
  const pipeline = client.pipeline();
  for (let index = 0; index < 2_000; index += 1) pipeline.set(`other:${index}`, 'x'.repeat(1_000), 'PX', 60_000);
  await pipeline.exec();
}

async function evictions({ client }: TestRedis): Promise<number> {
  return Number(/evicted_keys:(\d+)/.exec(await client.info('stats'))?.[1] ?? 0);
}
