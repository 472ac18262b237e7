import type { Emit } from '../events.ts';

export interface BreakerOptions {
  failuresToOpen: number;
  openForMs: number;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
  emit: Emit;
}

/** Lets commands through while they succeed; after too many failures in a row, only one trial at a time. */
export interface Breaker {
  readonly isClosed: boolean;
  /** Whether a command may be tried; in an open breaker whose time is over, the first to ask is the trial. */
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

export function createBreaker({ failuresToOpen, openForMs, monotonicMs, emit }: BreakerOptions): Breaker {
  let failures = 0;
  let state: 'closed' | 'open' | 'half-open' = 'closed';
  let openedAtMs = 0;

  const become = (next: typeof state) => {
    if (state === next) return;
    state = next;
    emit({ type: 'breaker', state });
  };

  return {
    get isClosed() {
      return state === 'closed';
    },
    allows() {
      if (state === 'closed') return true;
      if (state === 'half-open' || monotonicMs() - openedAtMs < openForMs) return false;
      become('half-open');
      return true;
    },
    succeeded() {
      failures = 0;
      become('closed');
    },
    failed() {
      failures += 1;
      if (state === 'closed' && failures < failuresToOpen) return;
      openedAtMs = monotonicMs();
      become('open');
    },
  };
}
