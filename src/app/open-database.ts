import { startEmbeddedDatabase } from '../db/embedded.ts';
import type { Config } from './config.ts';

export interface OpenDatabase {
  /** Connects as the owner of the tables. */
  readonly connectionString: string;
  /** Stops what was started here: nothing with DATABASE_URL, or where a server's embedded database was joined. */
  close(): Promise<void>;
}

/** The configured database: DATABASE_URL, or else the embedded one. */
export async function openDatabase(config: Config): Promise<OpenDatabase> {
  if (config.databaseUrl) return { connectionString: config.databaseUrl, close: async () => {} };
  const started = await startEmbeddedDatabase({ dataDir: config.dataDir });
  return { connectionString: started.connectionString, close: () => started.stop() };
}
