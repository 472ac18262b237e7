import { resolve } from 'node:path';
import pg from 'pg';
import { shareEmbeddedDatabase, startEmbeddedDatabase } from '../db/embedded.ts';
import { AppError } from '../errors.ts';
import type { Config } from './config.ts';

export interface OpenDatabase {
  /** Connects as the owner of the tables. */
  readonly connectionString: string;
  /** Where the data lives, for people: a folder, or `host:port/name`. */
  readonly place: string;
  /** Stops what was started here: nothing with DATABASE_URL, or where a server's embedded database was joined. */
  close(): Promise<void>;
}

export interface OpenOptions {
  /** A server wants the embedded database for itself; a command may join the one of a running server. @default false */
  alone?: boolean;
  /** Told when the embedded database died and is being started again. */
  onCrash?: () => void;
}

const connectTimeoutMs = 5_000;

/**
 * The configured database: DATABASE_URL, or else the embedded one.
 * Fails with a message for the operator: what cannot be reached, or which folder is in use. It never holds a password.
 */
export async function openDatabase(
  config: Config,
  { alone = false, onCrash }: OpenOptions = {},
): Promise<OpenDatabase> {
  if (config.databaseUrl) return openRemote(config.databaseUrl);
  const open = alone ? startEmbeddedDatabase : shareEmbeddedDatabase;
  const database = await open({ dataDir: config.dataDir, onCrash });
  const why = database.moved ? ` (the user that runs Postgres may not enter ${resolve(config.dataDir)})` : '';
  return {
    connectionString: database.connectionString,
    place: `${database.dataDir}${why}`,
    close: () => database.stop(),
  };
}

async function openRemote(connectionString: string): Promise<OpenDatabase> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: connectTimeoutMs });
  const place = `${client.host}:${client.port}/${client.database}`;
  client.on('error', () => {}); // reported by what failed because of it
  try {
    await client.connect();
    await client.query('SELECT');
  } catch (error) {
    throw new AppError(
      'SERVICE_UNAVAILABLE',
      `The database at ${place} cannot be used: ${reasonOf(error)}. Check DATABASE_URL and that the server is up.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => {});
  }
  return { connectionString, place, close: async () => {} };
}

/** A host with several addresses fails with one error for each of them, and no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return [...new Set(error.errors.map(reasonOf))].join('; ');
  return error instanceof Error ? error.message : String(error);
}
