import type { ReadShape } from './workload.ts';

/** A read after a change of what it shows was acknowledged by so little is exposed: here caches go wrong. */
export const exposedWithinMs = 100;
/** Kept word for word; the rest are only counted. */
const examples = 10;

/** What is counted, in all and for each phase. A request belongs to the phase in which it was sent. */
export class Counts {
  /** Answers that were held against what had been acknowledged. */
  reads = 0;
  exposed = 0;
  L1 = 0;
  L2 = 0;
  stale = 0;
  /** Requests that failed on a node that was alive. */
  failed = 0;
  /** Requests that died with their node. */
  lost = 0;
  /** Acknowledged. */
  writes = 0;
  /** May or may not have happened: the node died. */
  unknown = 0;

  get hitRatio(): number {
    return (this.L1 + this.L2) / Math.max(1, this.reads);
  }
}

export interface Phase {
  readonly name: string;
  readonly counts: Counts;
  /** What else there is to say of it. */
  note: string;
}

/** What was seen. */
export class Tally {
  readonly total = new Counts();
  readonly phases: Phase[] = [];
  /** With the token of the change that they must show. */
  tokenReads = 0;
  /** Showed less than was acknowledged, whether a bound allows it or not. */
  behind = 0;
  /** For how long it had been acknowledged at most, in milliseconds. */
  furthestBehindMs = 0;
  /** Showed what nobody has written: the checker itself is wrong. */
  impossible = 0;
  readonly problems: string[] = [];
  readonly byShape = new Map<string, { reads: number; stale: number }>();
  readonly byWrite = new Map<string, number>();

  constructor(firstPhase: string) {
    this.begin(firstPhase);
  }

  get phase(): Phase {
    return this.phases[this.phases.length - 1] as Phase;
  }

  begin(name: string): Phase {
    this.phases.push({ name, counts: new Counts(), note: '' });
    return this.phase;
  }

  add(phase: Phase, what: Exclude<keyof Counts, 'hitRatio'>): void {
    this.total[what] += 1;
    phase.counts[what] += 1;
  }

  noteRead(phase: Phase, shape: ReadShape, level: 'L1' | 'L2' | null): void {
    this.add(phase, 'reads');
    if (level) this.add(phase, level);
    this.#rowOf(shape).reads += 1;
  }

  noteStale(phase: Phase, shape: ReadShape, problem: string): void {
    this.add(phase, 'stale');
    this.#rowOf(shape).stale += 1;
    this.noteProblem(`stale: ${problem}`);
  }

  noteWrite(phase: Phase, name: string): void {
    this.add(phase, 'writes');
    this.byWrite.set(name, (this.byWrite.get(name) ?? 0) + 1);
  }

  /** For how long what it should have shown had been acknowledged; not positive: it showed all. */
  noteBehind(behindMs: number): void {
    if (behindMs <= 0) return;
    this.behind += 1;
    this.furthestBehindMs = Math.max(this.furthestBehindMs, behindMs);
  }

  noteImpossible(problem: string): void {
    this.impossible += 1;
    this.noteProblem(`impossible: ${problem}`);
  }

  noteProblem(problem: string): void {
    if (this.problems.length < examples) this.problems.push(problem);
  }

  #rowOf({ name }: ReadShape): { reads: number; stale: number } {
    const row = this.byShape.get(name) ?? { reads: 0, stale: 0 };
    this.byShape.set(name, row);
    return row;
  }
}
