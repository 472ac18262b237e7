interface Acknowledged {
  readonly version: number;
  readonly atMs: number;
}

/** Acknowledgements remembered, newest last: enough to look back further than any bound that is tried. */
const remembered = 512;

/**
 * One value of the database that only grows, as those who write it know it. Times are of one monotonic clock: whoever
 * reads after an acknowledgement may not be shown less.
 */
export class Register {
  readonly name: string;
  /** The newest version that is known to be committed. */
  acked: number;
  /** The newest version that somebody has begun to write. */
  issued: number;
  ackedAtMs = Number.NEGATIVE_INFINITY;
  isBusy = false;
  /** The outcome of its last write is not known: it may or may not have happened. */
  isUncertain = false;
  readonly #history: Acknowledged[];

  constructor(name: string, version: number) {
    this.name = name;
    this.acked = version;
    this.issued = version;
    this.#history = [{ version, atMs: Number.NEGATIVE_INFINITY }];
  }

  begin(): void {
    this.isBusy = true;
    this.issued += 1;
  }

  /** `version`: what the writer was told is stored now; left out where it was only told that it grew by one. */
  acknowledge(atMs: number, version?: number): void {
    this.acked = version ?? this.acked + 1;
    if (version !== undefined) {
      this.issued = version;
      this.isUncertain = false;
    }
    this.ackedAtMs = atMs;
    this.isBusy = false;
    this.#history.push({ version: this.acked, atMs });
    if (this.#history.length > remembered) this.#history.shift();
  }

  lose(): void {
    this.isUncertain = true;
    this.isBusy = false;
  }

  /** The newest version that was acknowledged by then. */
  ackedBy(timeMs: number): number {
    return this.#history.findLast(({ atMs }) => atMs <= timeMs)?.version ?? this.acked;
  }

  /** When the first version beyond this one was acknowledged. */
  overtakenAtMs(version: number): number {
    if (version >= this.acked) return Number.POSITIVE_INFINITY;
    return this.#history.find((acknowledged) => acknowledged.version > version)?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** The most favourable reading of an answer that tells odd from even versions and no more. */
  newestOfParity(parity: 'odd' | 'even'): number {
    const wanted = parity === 'odd' ? 1 : 0;
    return this.issued % 2 === wanted ? this.issued : this.issued - 1;
  }
}
