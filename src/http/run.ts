import type pg from 'pg';
import type { CacheReader } from '../cache/index.ts';
import type { TrackedTables } from '../db/reads/tracked-tables.ts';
import { createTenantSession, type SessionCost, type TenantSession } from '../db/session.ts';
import { createCacheHints, type CacheHints } from '../graphql/cache-control/hints.ts';
import type { Holds } from '../graphql/clock.ts';
import type { Context } from '../graphql/context.ts';
import { createFieldCache, type FieldCache } from '../graphql/field-cache/field-cache.ts';
import type { LearnedScopes } from '../graphql/learned-scope.ts';
import type { Aspect, Asker } from '../graphql/observed-viewer.ts';
import { openPart, type Part, type Recorder } from '../graphql/part.ts';

/** One execution whose answer may be shared: what it read, and what of its viewer and the clock it looked at. */
export interface Run {
  readonly context: Context;
  readonly session: TenantSession;
  readonly seen: ReadonlySet<Aspect>;
  readonly hints: CacheHints;
  /** From when until when the answer holds, as far as it was made from the time. */
  readonly holds: Holds;
  /** When the first of the values expires that were found instead of made, in milliseconds since 1970; Infinity: none. */
  readonly expiresAtMs: number;
  close(): Promise<void>;
}

export interface RunOptions {
  pool: pg.Pool;
  /** Of a replica: the history that is known of the primary. @default not asked for */
  epoch?: string | null;
  /** Of the request that caused the run: what may be found is checked by what it knows. */
  reader: CacheReader;
  tracked: TrackedTables;
  asker: Asker;
  requestId: string;
  /** Values of single fields; null: none are looked up or kept. */
  fields: FieldOptions | null;
  /** Aborted when nobody waits for the answer any more: nothing new is read then. */
  signal: AbortSignal;
  /** The instant the run happens at. */
  at: Date;
  /** Counted together with the request that caused the run. */
  onClose: (cost: SessionCost) => void;
}

export interface FieldOptions {
  keySecret: string;
  codeHash: string;
  scopes: LearnedScopes;
  /** Make every value afresh, and keep it. */
  refresh: boolean;
  /** How old what is found may be, in milliseconds; Infinity: any age. */
  maxAgeMs: number;
}

export function openRun(options: RunOptions): Run {
  const { pool, epoch, tracked, asker, at, requestId, signal, onClose, fields } = options;
  const { tenantId, personId } = asker.viewer;
  const session = createTenantSession({ pool, tenantId, personId, tracked, epoch });
  const end = () => void session.close().catch(() => {}); // its statements say what went wrong
  signal.addEventListener('abort', end, { once: true });
  const cacheHints = createCacheHints();
  const common = { asker, at, requestId, cacheHints };
  const fieldCache =
    fields &&
    openFieldCache(options, fields, {
      session,
      openPart: () => openPart({ ...common, session: session.part(), fieldCache: null, around: whole }),
      whole: () => whole,
      relied: (untilMs) => (run.expiresAtMs = Math.min(run.expiresAtMs, untilMs)),
    });
  const whole: Part & Recorder = openPart({ ...common, session, fieldCache });
  const run = {
    context: whole.context,
    session,
    seen: whole.seen,
    hints: cacheHints,
    holds: whole.holds,
    expiresAtMs: Number.POSITIVE_INFINITY,
    async close() {
      signal.removeEventListener('abort', end);
      await session.close();
      onClose(session.cost);
    },
  };
  return run;
}

function openFieldCache(
  { reader, asker, at }: RunOptions,
  fields: FieldOptions,
  run: {
    session: TenantSession;
    openPart: () => Part;
    whole: () => Part & Recorder;
    /** Told when a value expires that the run relies on. */
    relied: (expiresAtMs: number) => void;
  },
): FieldCache {
  const atMs = at.getTime();
  return createFieldCache({
    ...fields,
    asker,
    openPart: run.openPart,
    whole: run.whole,
    atMs,
    snapshot: async () => reader.snapshot({ stamp: await run.session.stamp(), atMs }),
    rely({ tags, freshFromMs, freshUntilMs, expiresAtMs }, scope) {
      run.session.dependOnAll(tags);
      for (const aspect of scope) run.whole().saw(aspect);
      run.whole().holdsBetween({ fromMs: freshFromMs, untilMs: freshUntilMs || Number.POSITIVE_INFINITY });
      run.relied(expiresAtMs);
    },
  });
}
