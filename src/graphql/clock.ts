import { localDayOf } from './local-day.ts';

/** From when until when something holds, wall clock, in milliseconds since 1970: what is not made from the time, always. */
export interface Holds {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * Of many instants that were compared with the time: the last that has passed and the next that will, in milliseconds
 * since 1970, or parts of them.
 */
export interface Neighbours {
  readonly last: number | null;
  readonly next: number | null;
}

/** The time, for resolvers. What they make from it holds for a while only: each way to ask says for how long. */
export interface Clock {
  /** The instant of the request. Whoever asks says how long that holds which was made from it. */
  readonly at: Date;
  /** What was made by comparing instants with `at` holds until the next of them has passed. */
  holdsAmong(neighbours: Neighbours): void;
  /** The instant of the request; what is made from it holds until the minute ends. */
  readonly now: Date;
  /** Whether an instant has passed; the answer holds until it does. */
  isPast(instant: Date): boolean;
  /** The calendar day in a time zone, `2026-11-20`; holds until that day ends there. */
  today(timeZone: string): string;
}

const minuteMs = 60_000;

/** `holdsBetween` is told how long everything holds that is made from the time. */
export function createClock(at: Date, holdsBetween: (holds: Holds) => void = () => {}): Clock {
  return new RequestClock(at, holdsBetween);
}

class RequestClock implements Clock {
  readonly at: Date;
  readonly #holdsBetween: (holds: Holds) => void;

  constructor(at: Date, holdsBetween: (holds: Holds) => void) {
    this.at = at;
    this.#holdsBetween = holdsBetween;
  }

  /** The time is told in milliseconds: an instant within one has passed when that is over. */
  holdsAmong({ last, next }: Neighbours): void {
    this.#holdsBetween({
      fromMs: last === null ? 0 : Math.floor(last) + 1,
      untilMs: next === null ? Number.POSITIVE_INFINITY : Math.floor(next) + 1,
    });
  }

  get now(): Date {
    const fromMs = Math.floor(this.at.getTime() / minuteMs) * minuteMs;
    this.#holdsBetween({ fromMs, untilMs: fromMs + minuteMs });
    return this.at;
  }

  isPast(instant: Date): boolean {
    const instantMs = Number(instant);
    const isPast = instantMs < this.at.getTime();
    this.holdsAmong(isPast ? { last: instantMs, next: null } : { last: null, next: instantMs });
    return isPast;
  }

  today(timeZone: string): string {
    const { day, ...holds } = localDayOf(this.at, timeZone);
    this.#holdsBetween(holds);
    return day;
  }
}
