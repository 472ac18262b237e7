import type pg from 'pg';
import type { TrackedTables } from '../db/reads/tracked-tables.ts';
import { createTenantSession, type SessionCost, type TenantSession } from '../db/session.ts';
import { createContext, type Context } from '../graphql/context.ts';
import { observeViewer, type Aspect } from '../graphql/observed-viewer.ts';
import type { Viewer } from '../graphql/viewer.ts';

/** One execution whose answer may be shared: what it read, and what of its viewer and the clock it looked at. */
export interface Run {
  readonly context: Context;
  readonly session: TenantSession;
  readonly seen: ReadonlySet<Aspect>;
  /** For how long the clock alone will not change the answer, in milliseconds. */
  steadyForMs(): number;
  close(): Promise<void>;
}

export interface RunOptions {
  pool: pg.Pool;
  tracked: TrackedTables;
  viewer: Viewer;
  /** The clock. */
  clock: () => Date;
  requestId: string;
  /** Aborted when nobody waits for the answer any more: nothing new is read then. */
  signal: AbortSignal;
  /** The instant the run happens at. */
  at: Date;
  /** Counted together with the request that caused the run. */
  onClose: (cost: SessionCost) => void;
}

const minuteMs = 60_000;

/** Which minute an instant lies in: an answer made from the time is one for its minute, and no clock that is ahead shares it. */
export function minuteOf(at: Date): string {
  return String(Math.floor(at.getTime() / minuteMs));
}

export function openRun({ pool, tracked, viewer, clock, at, requestId, signal, onClose }: RunOptions): Run {
  const seen = new Set<Aspect>();
  const session = createTenantSession({ pool, tenantId: viewer.tenantId, personId: viewer.personId, tracked });
  const end = () => void session.close().catch(() => {}); // its statements say what went wrong
  signal.addEventListener('abort', end, { once: true });
  const context = createContext({
    viewer: observeViewer(viewer, (aspect) => seen.add(aspect)),
    session,
    now: () => {
      seen.add('minute');
      return at;
    },
    requestId,
    idempotencyKey: null,
  });
  return {
    context,
    session,
    seen,
    // Every day and every month ends with a minute, in every time zone: an answer made from the time of day holds
    // until the next minute begins.
    steadyForMs() {
      if (!seen.has('minute')) return Number.POSITIVE_INFINITY;
      const endOfMinute = (Number(minuteOf(at)) + 1) * minuteMs;
      return Math.max(0, endOfMinute - clock().getTime());
    },
    async close() {
      signal.removeEventListener('abort', end);
      await session.close();
      onClose(session.cost);
    },
  };
}
