import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedDatabase } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database that is migrated and empty: the template of every test database. */
    templateUrl: string;
  }
}

/** One real Postgres for the whole run. */
export default async function setup(project: TestProject) {
  const dataDir = await mkdtemp(join(tmpdir(), 'freshfield-test-'));
  await chmod(dataDir, 0o755); // as root, Postgres runs as another user
  const database = await startEmbeddedDatabase({ dataDir, durable: false });
  const pool = createPool({ connectionString: database.connectionString, role: null, max: 1, onError: () => {} });
  await migrate(pool);
  await pool.end();
  project.provide('templateUrl', database.connectionString);
  return async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
    await rm(database.dataDir, { recursive: true, force: true });
  };
}
