import { startEmbeddedDatabase } from '../src/db/embedded.ts';
import { createDataFolder, removeDataFolder } from '../test/support/built-server.ts';

export interface TemporaryDatabase {
  readonly connectionString: string;
  /** Stops it, and removes all that it has written. */
  stop(): Promise<void>;
}

/** An embedded Postgres of its own for one run of a bench, as durable as by default. */
export async function startTemporaryDatabase(): Promise<TemporaryDatabase> {
  const folder = await createDataFolder();
  const database = await startEmbeddedDatabase({ dataDir: folder });
  return {
    connectionString: database.connectionString,
    async stop() {
      await database.stop();
      await removeDataFolder(folder);
      await removeDataFolder(database.dataDir);
    },
  };
}
