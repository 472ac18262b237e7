import { AppError } from '../errors.ts';
import { parseHeader, type Columns } from './columns.ts';
import { readLines } from './lines.ts';
import { loadBatch, type ImportTarget } from './load-batch.ts';
import { parseLogEvent, type LogEvent } from './log-event.ts';
import type { Rejects } from './rejects.ts';
import { readRows, type Row } from './rows.ts';

export interface ImportOptions extends ImportTarget {
  /** Path of the CSV file. */
  file: string;
  /** The last day to load, `2012-10-09` at the tenant's; null loads everything. @default null */
  until?: string | null;
  rejects: Rejects;
  /** Events per transaction. @default 2000 */
  batchSize?: number;
  /** Told how far into the file everything is loaded, in bytes. */
  onProgress?: (bytesRead: number) => void;
}

export interface ImportSummary {
  /** Rows below the header. */
  rows: number;
  /** Tickets and events that are new. */
  tickets: number;
  events: number;
  /** Events that were there already. */
  known: number;
  /** Events after the last day to load. */
  later: number;
  rejected: number;
}

/**
 * Loads a help desk's event log into a tenant: batch by batch, each in a transaction of its own, with as much memory
 * for a large file as for a small one. Safe to run again, also after it was killed. Rows that cannot be loaded go to
 * `rejects`; fails when the file cannot be read or has not the columns.
 */
export async function importLog({
  file,
  until = null,
  rejects,
  batchSize = 2_000,
  onProgress = () => {},
  ...target
}: ImportOptions): Promise<ImportSummary> {
  const summary: ImportSummary = { rows: 0, tickets: 0, events: 0, known: 0, later: 0, rejected: 0 };
  let columns: Columns | null = null;
  let batch: LogEvent[] = [];

  const flush = async () => {
    const result = await loadBatch(target, batch);
    for (const event of result.conflicting) rejects.add(event, 'the case has another event with this number');
    summary.tickets += result.tickets;
    summary.events += result.events;
    summary.known += result.known;
    batch = [];
  };

  const accept = (row: Row, positions: Columns) => {
    summary.rows += 1;
    const event = row.fields ? parseLogEvent(row, positions) : row.problem;
    if (typeof event === 'string') rejects.add(row, event);
    else if (until !== null && event.localTime.slice(0, 10) > until) summary.later += 1;
    else batch.push(event);
  };

  for await (const { rows, bytesRead } of readRows(fileLines(file))) {
    for (const row of rows) {
      if (columns) accept(row, columns);
      else columns = parseHeader(row);
      if (batch.length >= batchSize) await flush();
    }
    onProgress(bytesRead);
  }
  columns ??= parseHeader(undefined);
  if (batch.length > 0) await flush();
  return { ...summary, rejected: rejects.count };
}

async function* fileLines(file: string): ReturnType<typeof readLines> {
  try {
    yield* readLines(file);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!/^E[A-Z]+$/.test(code)) throw error;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new AppError('BAD_USER_INPUT', `${file} cannot be read: ${reason}.`);
  }
}
