/** The first pause after a failed renewal, in milliseconds; each further failure doubles it. */
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** Keys whose failures are remembered; the oldest are forgotten first. */
const maxKeys = 10_000;

/** Values made anew in the background: what fails is tried again later and later. */
export class Renewals {
  readonly #monotonicMs: () => number;
  readonly #failed = new Map<string, { pauseMs: number; untilMs: number }>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  mayTry(key: string): boolean {
    return this.#monotonicMs() >= (this.#failed.get(key)?.untilMs ?? 0);
  }

  /** Keeps count of how a renewal ends; nobody waits for it. */
  watch(key: string, renewal: Promise<unknown>): void {
    renewal.then(
      () => this.#failed.delete(key),
      () => this.#fail(key),
    );
  }

  #fail(key: string): void {
    const before = this.#failed.get(key);
    const pauseMs = before ? Math.min(before.pauseMs * 2, longestPauseMs) : firstPauseMs;
    this.#failed.delete(key);
    this.#failed.set(key, { pauseMs, untilMs: this.#monotonicMs() + pauseMs });
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > maxKeys && oldest !== undefined) this.#failed.delete(oldest);
  }
}
