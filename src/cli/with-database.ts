import type pg from 'pg';
import { parseConfig, type Config } from '../app/config.ts';
import { openDatabase } from '../app/open-database.ts';
import { createPool } from '../db/pool.ts';

export interface CommandDatabase {
  readonly config: Config;
  readonly connectionString: string;
  /** As the owner of the tables: for migrations and for finding tenants by their names. */
  readonly operator: pg.Pool;
}

/** Runs `work` with the configured database and gives everything back afterwards, whatever happened. */
export async function withDatabase<Result>(work: (database: CommandDatabase) => Promise<Result>): Promise<Result> {
  const config = parseConfig();
  const { connectionString, close } = await openDatabase(config);
  const operator = createPool({ connectionString, role: null, max: 2, onError: () => {} });
  try {
    return await work({ config, connectionString, operator });
  } finally {
    await operator.end();
    await close();
  }
}
