import type { ReadShape } from './workload.ts';

/** A read after a change of what it shows was acknowledged by so little is exposed: here caches go wrong. */
export const exposedWithinMs = 100;
/** Kept word for word; the rest are only counted. */
const examples = 10;

export interface Levels {
  readonly reads: number;
  readonly L1: number;
  readonly L2: number;
}

/** What was seen. */
export class Tally {
  reads = 0;
  exposed = 0;
  /** With the token of the change that they must show. */
  tokenReads = 0;
  stale = 0;
  /** Showed less than was acknowledged, whether a bound allows it or not. */
  behind = 0;
  /** For how long it had been acknowledged at most, in milliseconds. */
  furthestBehindMs = 0;
  /** Showed what nobody has written: the checker itself is wrong. */
  impossible = 0;
  writes = 0;
  /** May or may not have happened: the node died. */
  unknownWrites = 0;
  /** Requests that failed on a node that was alive. */
  failed = 0;
  /** Requests that died with their node. */
  lostWithNode = 0;
  hits = { L1: 0, L2: 0 };
  readonly faults: string[] = [];
  readonly problems: string[] = [];
  readonly byShape = new Map<string, { reads: number; stale: number }>();
  readonly byWrite = new Map<string, number>();

  noteRead(shape: ReadShape, level: 'L1' | 'L2' | null): void {
    this.reads += 1;
    if (level) this.hits[level] += 1;
    const row = this.byShape.get(shape.name) ?? { reads: 0, stale: 0 };
    row.reads += 1;
    this.byShape.set(shape.name, row);
  }

  noteStale(shape: ReadShape, problem: string): void {
    this.stale += 1;
    const row = this.byShape.get(shape.name);
    if (row) row.stale += 1;
    this.noteProblem(`stale: ${problem}`);
  }

  noteWrite(name: string): void {
    this.writes += 1;
    this.byWrite.set(name, (this.byWrite.get(name) ?? 0) + 1);
  }

  noteProblem(problem: string): void {
    if (this.problems.length < examples) this.problems.push(problem);
  }

  get levels(): Levels {
    return { reads: this.reads, ...this.hits };
  }

  /** The share of reads since then that was answered from the cache. */
  hitRatioSince(before: Levels): number {
    return (this.hits.L1 + this.hits.L2 - before.L1 - before.L2) / Math.max(1, this.reads - before.reads);
  }

  describe(title: string): string {
    const share = (count: number) => `${((100 * count) / Math.max(1, this.reads)).toFixed(1)} %`;
    const shapes = [...this.byShape].map(
      ([name, { reads, stale }]) => `${name} ${reads}${stale ? ` (${stale} stale)` : ''}`,
    );
    const writes = [...this.byWrite].map(([name, count]) => `${name} ${count}`);
    return [
      `${title}: ${this.reads} reads checked, ${this.exposed} within ${exposedWithinMs} ms of a change, ${this.stale} stale`,
      `  hits ${share(this.hits.L1)} in L1, ${share(this.hits.L2)} in L2`,
      `  ${this.writes} writes acknowledged, ${this.unknownWrites} unknown; ${this.failed} requests failed, ` +
        `${this.lostWithNode} died with their node`,
      ...(this.behind > 0
        ? [`  ${this.behind} showed less than was acknowledged, for ${Math.ceil(this.furthestBehindMs)} ms at most`]
        : []),
      ...(this.tokenReads > 0 ? [`  ${this.tokenReads} with a token`] : []),
      `  reads: ${shapes.join(', ')}`,
      `  writes: ${writes.join(', ')}`,
      ...(this.faults.length > 0 ? [`  faults: ${this.faults.join('; ')}`] : []),
      ...this.problems.map((problem) => `  ! ${problem}`),
    ].join('\n');
  }
}
