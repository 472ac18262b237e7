import type pg from 'pg';
import { migrationNames } from './migrate.ts';

export interface ReadinessOptions {
  /** How long the database may take to answer, in milliseconds. @default 1000 */
  timeoutMs?: number;
}

/**
 * Asks whether the database can be worked with: it answers in time and has every migration this version knows.
 * Answers why not, or null. Probes that overlap share one question, so that a slow database is not asked more often.
 */
export function createReadinessCheck(pool: pg.Pool, { timeoutMs = 1_000 }: ReadinessOptions = {}) {
  let known: Promise<string[]> | null = null;
  let asking: Promise<string | null> | null = null;

  const ask = async (): Promise<string | null> => {
    try {
      const names = await (known ??= migrationNames());
      const { rows } = await pool.query<{ name: string }>('SELECT name FROM kysely_migration');
      const applied = new Set(rows.map(({ name }) => name));
      const pending = names.filter((name) => !applied.has(name));
      return pending.length === 0 ? null : `The database lacks ${pending.join(', ')}.`;
    } catch (error) {
      const undefinedTable = (error as { code?: string }).code === '42P01';
      return undefinedTable ? 'The database has not been migrated.' : 'The database cannot be reached.';
    }
  };

  return async (): Promise<string | null> => {
    asking ??= ask().finally(() => (asking = null));
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`The database did not answer within ${timeoutMs} ms.`), timeoutMs);
    });
    return Promise.race([asking, tooLate]).finally(() => clearTimeout(timer));
  };
}
