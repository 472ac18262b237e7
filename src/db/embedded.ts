import pg from 'pg';
import { findBinaries } from './embedded/binaries.ts';
import { findHome, type Home } from './embedded/home.ts';
import { initialise, superuser } from './embedded/initialise.ts';
import { DataFolderInUseError, findServed } from './embedded/postmaster.ts';
import { runPostgres } from './embedded/run-postgres.ts';
import { readSecret } from './embedded/secret-file.ts';

export interface EmbeddedDatabase {
  /** Connects as the owner of the tables. */
  readonly connectionString: string;
  /** Where its files are. */
  readonly dataDir: string;
  /** They could not be where they were asked for: Postgres' user may not go there. */
  readonly moved: boolean;
  /** Stops Postgres; open transactions are rolled back. Leaves one alone that another process runs. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  dataDir: string;
  /** Survives a power cut; off makes throw-away databases faster. @default true */
  durable?: boolean;
  /** Told when Postgres died without being asked to; it is being started again. */
  onCrash?: () => void;
}

const databaseName = 'freshfield';

/**
 * Runs a real Postgres as a child process, with its data under `dataDir`, reachable from this machine only.
 * Fails with DataFolderInUseError while another live process has the folder.
 * See docs/decisions/0001-embedded-postgres.md.
 */
export async function startEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { dataDir, durable = true, onCrash = () => {} } = options;
  const home = await findHome(dataDir);
  const binaries = await findBinaries(home);
  const password = await initialise(home, binaries, durable);
  const postgres = await runPostgres({ home, binaries, durable, onCrash });
  try {
    await createDatabase(urlOf(postgres.port, password, 'postgres'));
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return database(home, urlOf(postgres.port, password, databaseName), () => postgres.stop());
}

/** For commands: the database that a running server has open, or one started for as long as it is used. */
export async function shareEmbeddedDatabase(options: EmbeddedOptions, attempts = 3): Promise<EmbeddedDatabase> {
  const home = await findHome(options.dataDir);
  const served = await findServed(home.cluster);
  const password = served && (await readSecret(home.passwordFile));
  if (password) return database(home, urlOf(served.port, password, databaseName), async () => {});
  try {
    return await startEmbeddedDatabase(options);
  } catch (error) {
    if (!(error instanceof DataFolderInUseError) || attempts === 1) throw error;
    return shareEmbeddedDatabase(options, attempts - 1); // a server started between looking and starting
  }
}

function database({ folder, moved }: Home, connectionString: string, stop: () => Promise<void>): EmbeddedDatabase {
  return { connectionString, dataDir: folder, moved, stop };
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [databaseName]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

function urlOf(port: number, password: string, name: string): string {
  return `postgres://${superuser}:${password}@127.0.0.1:${port}/${name}`;
}
