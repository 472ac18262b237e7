import type { Logger } from 'pino';
import type pg from 'pg';

export interface Forgotten {
  /** Changes in the log that are more than a day old. */
  changes: number;
  /** Idempotency keys that are more than a week old. */
  keys: number;
}

export interface ForgettingOptions {
  pool: pg.Pool;
  logger: Logger;
  /** How long from one end to the next begin, in milliseconds. @default 600000 */
  everyMs?: number;
}

/** Forgets what is kept for a time only: at once, and then every few minutes. Answers a function that ends it. */
export function startForgetting({ pool, logger, everyMs = 600_000 }: ForgettingOptions): () => Promise<void> {
  const ending = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const run = async () => {
    try {
      const forgotten = await forgetOld(pool, ending.signal);
      if (forgotten.changes + forgotten.keys > 0) logger.info(forgotten, 'Forgot what is old');
    } catch (error) {
      // What is not forgotten now is so later: until then it only takes room.
      logger.warn({ code: (error as { code?: string }).code }, 'Could not forget what is old');
    }
    if (!ending.signal.aborted) timer = setTimeout(start, everyMs).unref();
  };
  const start = () => void (running = run());
  start();
  return () => {
    ending.abort();
    clearTimeout(timer);
    return running;
  };
}

/** Forgets all that is old by now, in small steps; several nodes may do so at once, and one of them does. */
export async function forgetOld(pool: pg.Pool, signal?: AbortSignal): Promise<Forgotten> {
  const sum: Forgotten = { changes: 0, keys: 0 };
  for (;;) {
    const { rows } = await pool.query<Forgotten>('SELECT changes, keys FROM forget_old()');
    const { changes, keys } = rows[0] ?? { changes: 0, keys: 0 };
    sum.changes += changes;
    sum.keys += keys;
    if (changes + keys === 0 || signal?.aborted) return sum;
  }
}
