import { describe, expect, it } from 'vitest';
import { runQueue } from '../../src/http/warm-queue.ts';
import { createGate } from '../cache/node.ts';

const jobs = [0, 1, 2, 3, 4, 5];
const still = () => 0;

describe('a queue of jobs', () => {
  it('runs them in their order, never more at once than it may, and answers what became of each', async () => {
    const begun: number[] = [];
    let [running, most] = [0, 0];
    const outcomes = await runQueue(
      jobs,
      async (job) => {
        begun.push(job);
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        return job * 10;
      },
      { concurrency: 2, limit: 100, endsAtMs: 1_000, monotonicMs: still },
    );
    expect(begun).toEqual(jobs);
    expect(most).toBe(2);
    expect(outcomes).toEqual([0, 10, 20, 30, 40, 50]);
  });

  it('goes on with others while one takes long', async () => {
    const gate = createGate();
    const running = runQueue(jobs, async (job) => (job === 0 ? gate.opened.then(() => 'slow') : 'quick'), {
      concurrency: 2,
      limit: 100,
      endsAtMs: 1_000,
      monotonicMs: still,
    });
    gate.open();
    expect(await running).toEqual(['slow', 'quick', 'quick', 'quick', 'quick', 'quick']);
  });

  it('begins no more than it may, and none after its time', async () => {
    let ms = 0;
    const run = async () => {
      ms += 400;
      return 'done';
    };
    const options = { concurrency: 1, endsAtMs: 1_000, monotonicMs: () => ms };
    expect(await runQueue(jobs, run, { ...options, limit: 2 })).toEqual([
      'done',
      'done',
      'limit',
      'limit',
      'limit',
      'limit',
    ]);
    ms = 0;
    expect(await runQueue(jobs, run, { ...options, limit: 5 })).toEqual([
      'done',
      'done',
      'done',
      'deadline',
      'deadline',
      'limit',
    ]);
    expect(await runQueue([], run, { ...options, limit: 5 })).toEqual([]);
  });
});
