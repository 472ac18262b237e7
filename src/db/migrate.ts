import { readdir, readFile } from 'node:fs/promises';
import { Kysely, Migrator, PostgresDialect, sql, type Migration, type MigrationProvider } from 'kysely';
import type pg from 'pg';
import { AppError } from '../errors.ts';

export interface MigrationStatus {
  name: string;
  /** When it was applied; null while it is pending. */
  appliedAt: Date | null;
}

const folder = new URL('./migrations/', import.meta.url);

/** Brings the database to the newest schema. Answers the names of the migrations it applied, in order. */
export async function migrate(pool: pg.Pool): Promise<string[]> {
  const migrator = await createMigrator(pool);
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error) throw migrationError(error, results.find(({ status }) => status === 'Error')?.migrationName);
  return results.map(({ migrationName }) => migrationName);
}

/** Every known migration with the time it was applied; fails where the database is ahead of this version. */
export async function migrationStatus(pool: pg.Pool): Promise<MigrationStatus[]> {
  const migrator = await createMigrator(pool);
  const migrations = await migrator.getMigrations().catch((error: unknown) => {
    throw migrationError(error);
  });
  return migrations.map(({ name, executedAt }) => ({ name, appliedAt: executedAt ?? null }));
}

/** The migrations this version knows, in order. */
export async function migrationNames(): Promise<string[]> {
  return Object.keys(await sqlFiles.getMigrations());
}

/** What was cached before is of another schema. Said here as well, for owners whom Postgres does not let watch it. */
const renewEpoch = `;
DO $$ BEGIN
  IF to_regprocedure('renew_change_epoch()') IS NOT NULL THEN PERFORM renew_change_epoch(); END IF;
END $$`;

/** Numbered SQL files, applied in the order of their numbers; a failing file rolls the whole batch back. */
const sqlFiles: MigrationProvider = {
  async getMigrations() {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
    const entries = names.map(async (name): Promise<[string, Migration]> => {
      const text = await readFile(new URL(name, folder), 'utf8');
      return [name.replace(/\.sql$/, ''), { up: async (db) => void (await sql.raw(text + renewEpoch).execute(db)) }];
    });
    return Object.fromEntries(await Promise.all(entries));
  },
};

async function createMigrator(pool: pg.Pool): Promise<Migrator> {
  const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
  const migrator = new Migrator({ db, provider: sqlFiles });
  await refuseNewerDatabase(pool, Object.keys(await sqlFiles.getMigrations()));
  return migrator;
}

/** A database that a newer version has migrated must not be served, and above all not changed, by an older one. */
async function refuseNewerDatabase(pool: pg.Pool, known: string[]): Promise<void> {
  const { rows: tables } = await pool.query<{ found: boolean }>(
    `SELECT to_regclass('kysely_migration') IS NOT NULL AS found`,
  );
  if (!tables[0]?.found) return;
  const { rows } = await pool.query<{ name: string }>('SELECT name FROM kysely_migration ORDER BY name');
  const unknown = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new AppError(
    'CONFLICT',
    `The database is ahead of this version of Freshfield: it has ${unknown.join(', ')}. Deploy the newer version.`,
  );
}

function migrationError(error: unknown, name?: string): AppError {
  const reason = error instanceof Error ? error.message : String(error);
  const where = name ? `Migration ${name} failed and was rolled back` : 'The migrations could not be read';
  return new AppError('INTERNAL_SERVER_ERROR', `${where}: ${reason}`, { cause: error });
}
