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

/** What a phase must have met before it ends, however fast it is read: else the fault is hardly tried. */
export interface AtLeast {
  reads: number;
  /** Reads near a change that they show. */
  exposed: number;
  writes: number;
}

export interface PhaseOptions {
  run: Omit<FaultyRun, 'endure'>;
  fault: Fault;
  /** Of this phase; half of the reads while the fault lasts, if it is one that lasts. */
  atLeast: AtLeast;
  /** When the whole run must be over, on the clock of `performance.now()`. */
  deadlineMs: number;
}

/** A fault does not last longer than this, however slow the machine is. */
const enduredMs = 10_000;

export async function runPhase({ run, fault, atLeast, deadlineMs }: PhaseOptions): Promise<void> {
  const { checker } = run;
  const phase = checker.tally.begin(fault.name);
  const endure = async (atLeastMs: number) => {
    const { counts } = phase;
    const [before, sinceMs] = [counts.reads, performance.now()];
    const lastedMs = () => performance.now() - sinceMs;
    const isDone = () => counts.reads - before >= atLeast.reads / 2 || lastedMs() > Math.max(enduredMs, atLeastMs);
    await checker.until(
      () => lastedMs() >= atLeastMs && isDone(),
      enduredMs + atLeastMs + 1_000,
      () => `The phase "${fault.name}" did not end.`,
    );
    const seen = counts.reads - before;
    if (seen < atLeast.reads / 100)
      throw new Error(`Only ${seen} reads were answered while the fault lasted: ${fault.name}.`);
    phase.note = `${seen} reads while it lasted`;
  };
  const note = await fault.inject({ ...run, endure });
  phase.note = [phase.note, note].filter(Boolean).join(', ');
  const wanted = Object.entries(atLeast) as [keyof AtLeast, number][];
  await checker.until(
    () => wanted.every(([what, count]) => phase.counts[what] >= count),
    Math.max(1_000, deadlineMs - performance.now()),
    () => {
      const met = wanted.map(([what, count]) => `${phase.counts[what]} of ${count} ${what}`).join(', ');
      return `The phase "${fault.name}" had met only ${met} when the time was over.`;
    },
  );
}
