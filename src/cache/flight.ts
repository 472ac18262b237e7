import type { Seq } from './coherence/change-log.ts';

interface Flight<Result> {
  /** What this node knew of the log when the flight started: its result is at least as new. */
  readonly knownAt: Seq;
  readonly result: Promise<Result>;
}

/**
 * Look-ups and computations under way, one for each key. A reader may join one only if it started with at least the
 * knowledge the reader is entitled to; otherwise it starts its own, and later readers join that.
 */
export class Flights<Result> {
  readonly #flights = new Map<string, Flight<Result>>();

  get size(): number {
    return this.#flights.size;
  }

  /** A flight this reader may join; undefined where there is none. */
  join(key: string, required: Seq): Promise<Result> | undefined {
    const flight = this.#flights.get(key);
    return flight && flight.knownAt >= required ? flight.result : undefined;
  }

  /** Whether anything is under way for this key, whatever it knows. */
  isUp(key: string): boolean {
    return this.#flights.has(key);
  }

  start(key: string, knownAt: Seq, run: () => Promise<Result>): Promise<Result> {
    const flight: Flight<Result> = { knownAt, result: run() };
    this.#flights.set(key, flight);
    const land = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.result.then(land, land);
    return flight.result;
  }
}
