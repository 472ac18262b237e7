import type pg from 'pg';
import type { TestRedis } from '../../support/redis.ts';
import type { Checker } from './checker.ts';
import type { Cluster } from './cluster.ts';
import type { FreshfieldWorkload } from './freshfield-workload.ts';

/** What befalls the cluster in one phase of a run. */
export interface Fault {
  readonly name: string;
  /** Returns when all is in order again, with what there is to say of it. */
  readonly inject: (run: FaultyRun) => Promise<string>;
}

export interface FaultyRun {
  checker: Checker;
  cluster: Cluster;
  redis: TestRedis;
  workload: FreshfieldWorkload;
  /** Connects as the owner of the tables. */
  owner: pg.Pool;
  /**
   * Leaves the fault as it is for so many milliseconds at least, and until it has had its share of the phase's reads.
   * Fails where reads stand still meanwhile.
   */
  endure: (atLeastMs: number) => Promise<void>;
}

export interface PhaseOptions {
  run: Omit<FaultyRun, 'endure'>;
  fault: Fault;
  /** Checked in this phase at least, half of them while the fault lasts if it is one that lasts. */
  reads: number;
  /** When the whole run must be over, on the clock of `performance.now()`. */
  deadlineMs: number;
}

/** A fault does not last longer than this, however slow the machine is. */
const enduredMs = 10_000;

export async function runPhase({ run, fault, reads, deadlineMs }: PhaseOptions): Promise<void> {
  const { checker } = run;
  const phase = checker.tally.begin(fault.name);
  const endure = async (atLeastMs: number) => {
    const { counts } = phase;
    const [before, sinceMs] = [counts.reads, performance.now()];
    const lastedMs = () => performance.now() - sinceMs;
    const isDone = () => counts.reads - before >= reads / 2 || lastedMs() > Math.max(enduredMs, atLeastMs);
    await checker.until(
      () => lastedMs() >= atLeastMs && isDone(),
      enduredMs + atLeastMs + 1_000,
      () => `The phase "${fault.name}" did not end.`,
    );
    const seen = counts.reads - before;
    if (seen < reads / 100) throw new Error(`Only ${seen} reads were answered while the fault lasted: ${fault.name}.`);
    phase.note = `${seen} reads while it lasted`;
  };
  const note = await fault.inject({ ...run, endure });
  phase.note = [phase.note, note].filter(Boolean).join(', ');
  await checker.until(
    () => phase.counts.reads >= reads,
    Math.max(1_000, deadlineMs - performance.now()),
    () => `Only ${phase.counts.reads} of ${reads} reads were checked when the time was over: ${fault.name}.`,
  );
}
