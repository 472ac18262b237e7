import { setTimeout as delay } from 'node:timers/promises';
import type { TestRedis } from '../../support/redis.ts';
import type { Fault, FaultyRun } from './fault.ts';
import { killInMidMutation } from './kill-in-mid-mutation.ts';
import { pick } from './workload.ts';

/** For Redis to be of use again once it is back: the nodes find out within a second, unless the machine is busy. */
const recoveryPatienceMs = 30_000;

/** None of them. */
export const calm: Fault = { name: 'calm', inject: async () => '' };

/** The only one that requests may die of: those that its node was at. */
export const deadly: Fault = { name: 'a node killed in mid-mutation', inject: killInMidMutation };

/** One after the other, while the load goes on. A dump must have been saved before. */
export const faults: readonly Fault[] = [
  {
    name: 'Redis paused',
    async inject({ redis, endure, ...run }) {
      redis.pause();
      try {
        await endure(2_000);
      } finally {
        redis.resume();
      }
      return recovery(run);
    },
  },
  {
    name: 'Redis killed, restarted empty',
    async inject({ redis, endure, ...run }) {
      await redis.kill();
      await endure(1_500);
      await redis.start('empty');
      return recovery(run);
    },
  },
  {
    name: 'Redis restored from an old dump',
    async inject({ redis, checker }) {
      await redis.kill();
      const servedBefore = checker.tally.total.L2;
      await redis.start('dump');
      const old = await redis.client.dbsize();
      if (old === 0) throw new Error('The dump that Redis was restored from was empty.');
      const recovered = await recovery({ checker });
      // More are handed out than served: the rest were refused, or the restored ones were never looked at.
      let [handed, served] = [0, 0];
      const refusesSome = async () => {
        handed = await infoOf(redis, 'keyspace_hits');
        served = checker.tally.total.L2 - servedBefore;
        return handed > served;
      };
      await checker.until(refusesSome, recoveryPatienceMs, () => 'No entry of the restored Redis was refused.');
      return `${old} old entries, ${recovered}, ${handed} handed out by then and ${served} served`;
    },
  },
  {
    name: 'Redis squeezed to 2 MB',
    async inject({ redis, endure }) {
      await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru');
      await redis.client.config('SET', 'maxmemory', '2mb');
      try {
        await crowd(redis);
        await endure(2_000);
        const evicted = await infoOf(redis, 'evicted_keys');
        if (evicted === 0) throw new Error('Redis was squeezed to 2 MB and evicted nothing.');
        return `${evicted} evictions`;
      } finally {
        await redis.client.config('SET', 'maxmemory', '0');
      }
    },
  },
  deadly,
  {
    name: 'a node paused',
    async inject({ cluster }) {
      const node = pick(cluster.nodes);
      node.pause();
      try {
        await delay(1_500);
      } finally {
        node.resume();
      }
      return node.name;
    },
  },
];

/** How long until an answer came from Redis again. */
async function recovery({ checker }: Pick<FaultyRun, 'checker'>): Promise<string> {
  const { total } = checker.tally;
  const before = total.L2;
  const sinceMs = performance.now();
  await checker.until(
    () => total.L2 > before + 5,
    recoveryPatienceMs,
    () => `Redis was back, and no answer came from it within ${recoveryPatienceMs} ms.`,
  );
  return `hits from it after ${Math.round(performance.now() - sinceMs)} ms`;
}

/** Others use it too: more than there is room for. */
async function crowd({ client }: TestRedis): Promise<void> {
  for (let batch = 0; batch < 10; batch += 1) {
    const pipeline = client.pipeline();
    for (let index = 0; index < 200; index += 1) {
      pipeline.set(`other:${batch}:${index}`, 'x'.repeat(1_000), 'PX', 60_000);
    }
    await pipeline.exec();
  }
}

async function infoOf({ client }: TestRedis, figure: string): Promise<number> {
  return Number(new RegExp(`${figure}:(\\d+)`).exec(await client.info('stats'))?.[1] ?? 0);
}
