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
    /** A copy of it in which statements are explained and nothing is ever run. */
    explainUrl: string;
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
  project.provide('explainUrl', await copyOf(database.connectionString, 'explain'));
  return async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
    await rm(database.dataDir, { recursive: true, force: true });
  };
}

async function copyOf(url: string, name: string): Promise<string> {
  const [template, admin] = [new URL(url), new URL(url)];
  admin.pathname = '/postgres';
  const pool = createPool({ connectionString: admin.href, role: null, max: 1, onError: () => {} });
  await pool.query(`CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`);
  await pool.end();
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  return copy.href;
}
