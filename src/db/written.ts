import type pg from 'pg';
import type { Seq } from '../cache/index.ts';
import { AppError } from '../errors.ts';
import { asAppError } from './failures.ts';

/** What a transaction has changed, as the change log has it. */
export interface Written {
  /** The position of its last change; null where it changed nothing. A later read that knows it sees the change. */
  readonly token: Seq | null;
  readonly changed: readonly { readonly type: string; readonly count: number }[];
}

interface MutableWritten {
  token: Seq | null;
  changed: Written['changed'];
}

export function nothingWritten(): MutableWritten {
  return { token: null, changed: [] };
}

/** What one statement of a transaction has changed. */
export type SealedChange = [type: string, rows: number, position: Seq];

/**
 * Commits, and tells what was changed. The changes are sealed just before, in the same round trip, so that their
 * position is known: the lock on the tenant's log is then held for the commit alone, and for no network in between.
 */
export async function commitChanges(client: pg.PoolClient): Promise<SealedChange[]> {
  try {
    const results: unknown = await client.query(
      'SET CONSTRAINTS seal IMMEDIATE; SELECT sealed_changes() AS changes; COMMIT',
    );
    const [, sealed] = results as pg.QueryResult<{ changes: SealedChange[] | null }>[];
    return sealed?.rows[0]?.changes ?? [];
  } catch (error) {
    if ((error as { code?: string }).code === failedTransaction) {
      throw new AppError('INTERNAL_SERVER_ERROR', 'The change was not made: its transaction had failed.');
    }
    throw asAppError(error);
  }
}

const failedTransaction = '25P02';

export function noteWritten(written: MutableWritten, sealed: readonly SealedChange[]): void {
  if (sealed.length === 0) return;
  const counts = new Map(written.changed.map(({ type, count }) => [type, count]));
  for (const [type, rows, position] of sealed) {
    written.token = Math.max(written.token ?? 0, position);
    counts.set(type, (counts.get(type) ?? 0) + rows);
  }
  written.changed = [...counts].map(([type, count]) => ({ type, count })).toSorted(byType);
}

function byType(one: { type: string }, other: { type: string }): number {
  return one.type < other.type ? -1 : Number(one.type > other.type);
}
