import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';

const idleSweepMs = 50;

/**
 * Stops accepting and lets running requests finish; what runs for longer than `patienceMs` is cut off.
 * Connections that are kept alive end as soon as they carry no request.
 */
export async function drain(server: Server, patienceMs = 10_000): Promise<void> {
  if (!server.listening) return;
  const sweep = setInterval(() => server.closeIdleConnections(), idleSweepMs);
  const deadline = setTimeout(() => server.closeAllConnections(), patienceMs);
  await new Promise((resolve) => server.close(resolve));
  clearInterval(sweep);
  clearTimeout(deadline);
}

/** Gives the connections back; does not wait for one that a cut-off request still holds. */
export async function endPool(pool: pg.Pool, patienceMs = 1_000): Promise<void> {
  pool.removeAllListeners('error').on('error', () => {}); // one that breaks while it is being closed is no news
  const patience = new AbortController();
  const late = delay(patienceMs, undefined, { signal: patience.signal }).catch(() => {});
  await Promise.race([pool.end(), late]);
  patience.abort();
}
