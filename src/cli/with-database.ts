import type pg from 'pg';
import { parseConfig, type Config } from '../app/config.ts';
import { openDatabase } from '../app/open-database.ts';
import { applicationRole, createPool } from '../db/pool.ts';

export interface CommandDatabase {
  readonly config: Config;
  /** As the owner of the tables: for migrations and for finding tenants by their names. */
  readonly operator: pg.Pool;
  /** As the application, held to one tenant at a time by row-level security. */
  readonly application: pg.Pool;
}

/**
 * Runs `work` with the configured database, the same as the server's: one that a server runs already is joined.
 * Gives everything back afterwards, whatever happened, an interrupt included.
 */
export async function withDatabase<Result>(work: (database: CommandDatabase) => Promise<Result>): Promise<Result> {
  const config = parseConfig();
  const opening = openDatabase(config);
  const interrupt = () => void opening.then((opened) => opened.close()).finally(() => process.exit(1));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const database = await opening;
  const pool = { connectionString: database.connectionString, max: 2, onError: () => {} };
  const operator = createPool({ ...pool, role: null, statementTimeoutMs: 0 });
  const application = createPool({ ...pool, role: applicationRole, statementTimeoutMs: 120_000 });
  try {
    return await work({ config, operator, application });
  } finally {
    await Promise.all([operator.end(), application.end()]);
    await database.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
