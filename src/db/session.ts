import { sql, type CompiledQuery, type Expression, type Kysely } from 'kysely';
import type pg from 'pg';
import type { Seq, Tag } from '../cache/index.ts';
import { AppError } from '../errors.ts';
import type { PersonId, TenantId } from '../ids.ts';
import { generationOf } from './change-log.ts';
import { createQueryBuilder } from './connection-driver.ts';
import { asAppError } from './failures.ts';
import { recordReads } from './reads/record-reads.ts';
import type { TrackedTables } from './reads/tracked-tables.ts';
import type { Tables } from './tables.ts';
import { tenantScope } from './tenant-scope.ts';
import { createValueBatch } from './value-batch.ts';
import { commitChanges, noteWritten, nothingWritten, type Written } from './written.ts';

/** What a session has cost so far. Data statements only: opening and closing a transaction is not counted. */
export interface SessionCost {
  statements: number;
  /** Time spent waiting for those statements, in milliseconds. */
  durationMs: number;
}

/**
 * Everything one request does with the database, held to one tenant.
 * Reads share one REPEATABLE READ snapshot, opened by the first of them: an answer never mixes two states.
 */
export interface TenantSession {
  readonly tenantId: TenantId;
  readonly cost: Readonly<SessionCost>;
  /** For reading; inside the snapshot. What a query depends on is recorded before it runs. */
  readonly read: Kysely<Tables>;
  /**
   * One value, by a scalar subselect. All that are asked for at once, by whatever parts of the session, are one
   * statement; each part depends only on those that it asked for.
   */
  readValue<Value>(select: (db: Kysely<Tables>) => Expression<Value>): Promise<Value>;
  /** What has been read so far depends on these; narrower is never true. Empty unless the session tracks. */
  readonly reads: ReadonlySet<Tag>;
  /**
   * For sources outside SQL: what is read depends on something of this name too, until `announceTags` says of
   * `T:<name>` that it has changed.
   */
  dependOn(name: string): void;
  /** Adds what something depends on that was read before, and kept. */
  dependOnAll(tags: Iterable<Tag>): void;
  /** The same session for a part of its work: what the part reads is recorded by itself, and here as well. */
  part(): TenantSession;
  /** The newest change the snapshot contains; opens the snapshot. */
  stamp(): Promise<Seq>;
  /** What the transactions of this session have changed so far. */
  readonly written: Written;
  /** What was committed by others before counts for `written.token` too: one of them is the first try of a retry. */
  coverEarlier(): Promise<void>;
  /** Runs `work` in a transaction of its own. Reads that follow see a new snapshot, so what it wrote. */
  write<Result>(work: (trx: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /**
   * Ends the session for good and gives the connection back; what still runs may finish, nothing new begins.
   * A resolver that outlives an aborted request can thus not take a connection that nobody would return.
   */
  close(): Promise<void>;
}

export interface SessionOptions {
  pool: pg.Pool;
  tenantId: TenantId;
  /** Who acts; triggers and policies can read it as `app.person`. */
  personId?: PersonId;
  /** Records what is read, and refuses what cannot be recorded. @default nothing is recorded */
  tracked?: TrackedTables;
  /**
   * Of a replica: the history that is known of the primary. Where it is not yet known there (a table was emptied, and
   * still has its rows), the stamp is -1, older than any change. @default not asked for
   */
  epoch?: string | null;
}

/** Opening a transaction waits for nobody: a database that takes longer, in milliseconds, is not there. */
const beginTimeoutMs = 3_000;
const beginSnapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

interface Snapshot {
  readonly client: pg.PoolClient;
  readonly stamp: Seq;
}

export function createTenantSession({ pool, tenantId, personId, tracked, epoch }: SessionOptions): TenantSession {
  const cost: SessionCost = { statements: 0, durationMs: 0 };
  const scope = tenantScope(tenantId);
  const written = nothingWritten();
  let snapshot: Promise<Snapshot> | null = null;
  let isOver = false;

  const refuseAfterwards = () => {
    if (isOver) throw new AppError('SERVICE_UNAVAILABLE', 'The request is over; nothing more is read or changed.');
  };

  const open = async (begin: string): Promise<Snapshot> => {
    refuseAfterwards();
    const client = await pool.connect().catch((error: unknown) => {
      throw asAppError(error);
    });
    try {
      // One round trip. Both ids are uuids by their type's parser; nothing else may be put into this text.
      const person = personId ? `, set_config('app.person', '${personId}', true)` : '';
      // Whoever changes something is told the position of that.
      const stamp = begin === beginSnapshot ? stampOf(tenantId, epoch) : '0';
      const text = `${begin}; SELECT ${stamp} AS stamp, set_config('app.tenant', '${tenantId}', true)${person}`;
      const results: unknown = await client.query({ text, query_timeout: beginTimeoutMs } as pg.QueryConfig);
      return { client, stamp: (results as pg.QueryResult<{ stamp: Seq }>[]).at(-1)?.rows[0]?.stamp ?? 0 };
    } catch (error) {
      client.release(true);
      throw asAppError(error);
    }
  };

  const run = (client: pg.PoolClient, query: CompiledQuery, mayBegin = () => {}): Promise<pg.QueryResult> =>
    inTurn(client, async () => {
      mayBegin();
      const startedAt = performance.now();
      cost.statements += 1;
      try {
        return await client.query(query.sql, [...query.parameters]);
      } catch (error) {
        throw asAppError(error);
      } finally {
        cost.durationMs += performance.now() - startedAt;
      }
    });

  const closeSnapshot = async () => {
    const closing = snapshot;
    snapshot = null;
    const opened = await closing?.catch(() => null);
    if (opened) await end(opened.client, 'COMMIT').catch(() => {}); // nothing was written: a failure loses nothing
  };
  const opened = () => (snapshot ??= open(beginSnapshot));

  const builder = (mayRun: (query: CompiledQuery) => void = () => {}) =>
    createQueryBuilder(
      async (query) => {
        mayRun(query);
        return run((await opened()).client, query, refuseAfterwards);
      },
      [scope],
    );
  const readTogether = createValueBatch(builder()); // of what was recorded before

  const recorder = (sets: readonly Set<Tag>[]) => {
    const record = (query: CompiledQuery) => tracked && recordReads(query, tracked, sets);
    const read = builder(record);
    return {
      read,
      async readValue<Value>(select: (db: Kysely<Tables>) => Expression<Value>) {
        const value = select(read);
        record(read.selectNoFrom(sql`(${value})`.as('value')).compile());
        return (await readTogether(value)) as Value;
      },
      dependOn: (name: string) => addTo(sets, [`T:${name}`]),
      dependOnAll: (tags: Iterable<Tag>) => addTo(sets, tags),
    };
  };

  /** `around`: those that the session is part of. */
  const recordingTo = (reads: Set<Tag>, around: readonly Set<Tag>[]): TenantSession => ({
    ...recorder([reads, ...around]),
    tenantId,
    cost,
    reads,
    written,
    part: () => recordingTo(new Set(), [reads, ...around]),
    stamp: async () => (await opened()).stamp,
    async coverEarlier() {
      written.token = Math.max(written.token ?? 0, (await opened()).stamp);
    },
    async write(work) {
      await closeSnapshot();
      const { client } = await open('BEGIN');
      let isDone = false;
      // What `work` began and did not wait for must not run in the transaction of whoever has the connection next.
      const refuseLate = () => {
        if (isDone) throw new AppError('INTERNAL_SERVER_ERROR', 'The transaction is over; nothing more is done in it.');
      };
      const commit = () => {
        isDone = true; // in turn: what was asked for before still belongs to it
        return commitChanges(client);
      };
      try {
        const result = await work(createQueryBuilder((query) => run(client, query, refuseLate), [scope]));
        noteWritten(written, await inTurn(client, commit));
        client.release();
        return result;
      } catch (error) {
        isDone = true;
        await end(client, 'ROLLBACK').catch(() => {}); // the connection is gone: so is the transaction
        throw error;
      }
    },
    close() {
      isOver = true;
      return closeSnapshot();
    },
  });
  return recordingTo(new Set(), []);
}

function stampOf(tenantId: TenantId, epoch: string | null | undefined): string {
  const newest = `newest_change('${tenantId}')::float8`;
  if (!epoch) return newest;
  const generation = generationOf(epoch);
  return generation ? `CASE WHEN change_epoch() LIKE '%.${generation}' THEN ${newest} ELSE -1 END` : '-1';
}

function addTo(sets: readonly Set<Tag>[], tags: Iterable<Tag>): void {
  for (const tag of tags) for (const set of sets) set.add(tag);
}

const turns = new WeakMap<pg.PoolClient, Promise<unknown>>();

/** A connection runs one statement at a time; loaders that fire together wait for each other here. */
function inTurn<Result>(client: pg.PoolClient, work: () => Promise<Result>): Promise<Result> {
  const turn = (turns.get(client) ?? Promise.resolve()).then(work);
  turns.set(
    client,
    turn.catch(() => {}),
  );
  return turn;
}

async function end(client: pg.PoolClient, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  try {
    await inTurn(client, () => client.query(how));
    client.release();
  } catch (error) {
    client.release(true);
    throw asAppError(error);
  }
}
