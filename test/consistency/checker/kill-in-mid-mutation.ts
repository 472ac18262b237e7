import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { eventually } from './bounded.ts';
import type { FaultyRun } from './fault.ts';
import type { CheckedTenant } from './freshfield-tenant.ts';
import { pick } from './workload.ts';

const blockedPatienceMs = 15_000;

/**
 * One mutation hangs on a locked row, some on the seal of their commit, others are wherever they happen to be when the
 * node dies. It is started again.
 */
export async function killInMidMutation(run: FaultyRun): Promise<string> {
  const { cluster, checker, workload, owner, endure } = run;
  const node = pick(cluster.nodes);
  const [held, free] = workload.tenants;
  if (!held || !free) throw new Error('The workload has too few tenants.');
  const { unknown: unknownBefore, lost: lostBefore } = checker.tally.total;
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
    await untilBlocked(owner, 'transactionid');
    await sealLocker.query(`SELECT pg_advisory_xact_lock(hashtextextended('freshfield:' || $1::text, 0))`, [held.id]);
    running.push(...mutate(held, 3));
    await untilBlocked(owner, 'advisory');
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
  await endure(500);
  await node.start();
  const { unknown, lost } = checker.tally.total;
  return `${node.name}, ${unknown - unknownBefore} mutations and ${lost - lostBefore} requests in all died with it`;
}

async function untilBlocked(owner: pg.Pool, event: string): Promise<void> {
  const isBlocked = async () => {
    const { rowCount } = await owner.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = $1`,
      [event],
    );
    return (rowCount ?? 0) > 0;
  };
  await eventually(
    isBlocked,
    blockedPatienceMs,
    () => `No mutation came to wait for a lock (${event}) within ${blockedPatienceMs} ms.`,
  );
}
