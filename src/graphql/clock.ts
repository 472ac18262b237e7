import { endOfLocalDay, localDay } from './local-day.ts';

const minuteMs = 60_000;

/** The time, for resolvers. What they make from it holds for a while only: each way to ask says for how long. */
export interface Clock {
  /** The instant of the request. Whoever asks says by `holdsUntil` when what was made from it changes. */
  readonly at: Date;
  /** What is made from `at` changes at this instant; null: never. */
  holdsUntil(instant: Date | null): void;
  /** The instant of the request; what is made from it holds until the minute ends. */
  readonly now: Date;
  /** Whether an instant has passed; the answer holds until it does. */
  isPast(instant: Date): boolean;
  /** The calendar day in a time zone, `2026-11-20`; holds until that day ends there. */
  today(timeZone: string): string;
}

/** `holdsUntil` is told of everything that is made from the time, in milliseconds since 1970. */
export function createClock(at: Date, holdsUntil: (untilMs: number) => void = () => {}): Clock {
  return {
    at,
    holdsUntil: (instant) => holdsUntil(instant?.getTime() ?? Number.POSITIVE_INFINITY),
    get now() {
      holdsUntil((Math.floor(at.getTime() / minuteMs) + 1) * minuteMs);
      return at;
    },
    isPast(instant) {
      const isPast = instant < at;
      holdsUntil(isPast ? Number.POSITIVE_INFINITY : instant.getTime() + 1);
      return isPast;
    },
    today(timeZone) {
      holdsUntil(endOfLocalDay(at, timeZone).getTime());
      return localDay(at, timeZone);
    },
  };
}
