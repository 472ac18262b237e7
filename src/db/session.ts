import type { CompiledQuery, Kysely } from 'kysely';
import type pg from 'pg';
import { AppError } from '../errors.ts';
import type { PersonId, TenantId } from '../ids.ts';
import { createQueryBuilder } from './connection-driver.ts';
import { asAppError } from './failures.ts';
import type { Tables } from './tables.ts';
import { tenantScope } from './tenant-scope.ts';

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
  /** For reading; inside the snapshot. */
  readonly read: Kysely<Tables>;
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
}

/** Opening a transaction waits for nobody: a database that takes longer, in milliseconds, is not there. */
const beginTimeoutMs = 3_000;
const beginSnapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

export function createTenantSession({ pool, tenantId, personId }: SessionOptions): TenantSession {
  const cost: SessionCost = { statements: 0, durationMs: 0 };
  const plugins = [tenantScope(tenantId)];
  let snapshot: Promise<pg.PoolClient> | null = null;
  let isOver = false;

  const refuseAfterwards = () => {
    if (isOver) throw new AppError('SERVICE_UNAVAILABLE', 'The request is over; nothing more is read or changed.');
  };

  const open = async (begin: string): Promise<pg.PoolClient> => {
    refuseAfterwards();
    const client = await pool.connect().catch((error: unknown) => {
      throw asAppError(error);
    });
    try {
      // One round trip. Both ids are uuids by their type's parser; nothing else may be put into this text.
      const person = personId ? `, set_config('app.person', '${personId}', true)` : '';
      const text = `${begin}; SELECT set_config('app.tenant', '${tenantId}', true)${person}`;
      await client.query({ text, query_timeout: beginTimeoutMs } as pg.QueryConfig);
      return client;
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
    const client = await closing?.catch(() => null);
    if (client) await end(client, 'COMMIT').catch(() => {}); // nothing was written: a failure loses nothing
  };

  return {
    tenantId,
    cost,
    read: createQueryBuilder(
      async (query) => run(await (snapshot ??= open(beginSnapshot)), query, refuseAfterwards),
      plugins,
    ),
    async write(work) {
      await closeSnapshot();
      const client = await open('BEGIN');
      let result;
      try {
        result = await work(createQueryBuilder((query) => run(client, query), plugins));
      } catch (error) {
        await end(client, 'ROLLBACK').catch(() => {}); // the connection is gone: so is the transaction
        throw error;
      }
      await end(client, 'COMMIT');
      return result;
    },
    close() {
      isOver = true;
      return closeSnapshot();
    },
  };
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
    const { command } = await inTurn(client, () => client.query(how));
    if (how === 'COMMIT' && command === 'ROLLBACK') {
      throw new AppError('INTERNAL_SERVER_ERROR', 'The change was not made: its transaction had failed.');
    }
    client.release();
  } catch (error) {
    client.release(true);
    throw asAppError(error);
  }
}
