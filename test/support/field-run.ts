import type { CacheReader, Seq, Tag } from '../../src/cache/index.ts';
import type { TenantSession } from '../../src/db/session.ts';
import { nothingWritten } from '../../src/db/written.ts';
import { createCacheHints } from '../../src/graphql/cache-control/hints.ts';
import type { Context } from '../../src/graphql/context.ts';
import { createFieldCache, type FieldCache } from '../../src/graphql/field-cache/field-cache.ts';
import type { LearnedScopes } from '../../src/graphql/learned-scope.ts';
import type { Asker } from '../../src/graphql/observed-viewer.ts';
import { openPart, type Part, type Recorder } from '../../src/graphql/part.ts';
import type { FakeLog } from '../cache/fakes.ts';

/** A database of numbers by name, each tenant's its own, whose every change is in the log. */
export function createCells(log: FakeLog) {
  const cells = new Map<string, number>();
  return {
    log,
    change(tenant: string, cell: string, value: number): void {
      cells.set(`${tenant} ${cell}`, value);
      log.change(tenant, `E:cell:${cell}`);
    },
    /** As they are now, for ever. */
    snapshot(tenant: string): (cell: string) => number {
      const copy = new Map(cells);
      return (cell) => copy.get(`${tenant} ${cell}`) ?? 0;
    },
  };
}

export type Cells = ReturnType<typeof createCells>;

/** A session that reads cells, and records that it did. */
export interface CellSession extends TenantSession {
  cell(name: string): Promise<number>;
}

export interface FieldRunOptions {
  cells: Cells;
  /** What is found is checked by it; null: nothing can be. */
  reader: CacheReader | null;
  asker: Asker;
  scopes: LearnedScopes;
  at: Date;
  /** @default false */
  refresh?: boolean;
  /** In milliseconds. @default any age */
  maxAgeMs?: number;
  /** Awaited before each cell is read. @default nothing */
  delay?: () => Promise<void>;
}

export interface FieldRun {
  readonly fields: FieldCache;
  /** What resolvers of the run get, outside of what is kept. */
  readonly context: Context;
  /** All that the run was seen to be made from. */
  readonly whole: Part & Recorder;
  readonly stamp: Seq;
  /** When the first value expires that was found; Infinity: none was. */
  readonly expiresAtMs: number;
}

/** A run over cells instead of Postgres: everything else is real. */
export function openFieldRun(options: FieldRunOptions): FieldRun {
  const { cells, reader, asker, scopes, at, refresh = false, maxAgeMs = Number.POSITIVE_INFINITY } = options;
  const { delay = async () => {} } = options;
  const { tenantId } = asker.viewer;
  const read = cells.snapshot(tenantId);
  const stamp = cells.log.head(tenantId);
  const refuse = () => Promise.reject(new Error('There is no SQL here.'));

  const sessionOf = (reads: Set<Tag>, around: readonly Set<Tag>[]): CellSession => {
    const add = (tags: Iterable<Tag>) => [...tags].forEach((tag) => [reads, ...around].forEach((set) => set.add(tag)));
    return {
      tenantId,
      reads,
      cost: { statements: 0, durationMs: 0 },
      read: null as never,
      readValue: refuse,
      write: refuse,
      written: nothingWritten(),
      coverEarlier: async () => {},
      stamp: async () => stamp,
      close: async () => {},
      dependOn: (name) => add([`T:${name}`]),
      dependOnAll: add,
      part: () => sessionOf(new Set(), [reads, ...around]),
      async cell(name) {
        add([`E:cell:${name}`]);
        await delay();
        return read(name);
      },
    };
  };

  const session = sessionOf(new Set(), []);
  const common = { asker, at, requestId: 'test', cacheHints: createCacheHints() };
  let expiresAtMs = Number.POSITIVE_INFINITY;
  const fields = createFieldCache({
    keySecret: 'secret',
    codeHash: 'code',
    asker,
    scopes,
    refresh,
    maxAgeMs,
    atMs: at.getTime(),
    snapshot: async () => reader && reader.snapshot({ stamp, atMs: at.getTime() }),
    openPart: () => openPart({ ...common, session: session.part(), fieldCache: null, around: whole }),
    whole: () => whole,
    rely(entry, scope) {
      session.dependOnAll(entry.tags);
      for (const aspect of scope) whole.saw(aspect);
      const { freshFromMs: fromMs, freshUntilMs } = entry;
      whole.holdsBetween({ fromMs, untilMs: freshUntilMs || Number.POSITIVE_INFINITY });
      expiresAtMs = Math.min(expiresAtMs, entry.expiresAtMs);
    },
  });
  const whole: Part & Recorder = openPart({ ...common, session, fieldCache: fields });
  return {
    fields,
    whole,
    stamp,
    context: whole.context,
    get expiresAtMs() {
      return expiresAtMs;
    },
  };
}
