import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createPool } from '../../src/db/pool.ts';

export interface TestDatabase {
  readonly url: string;
  /** As the owner of the tables: no row-level security, like psql by an operator. */
  readonly owner: pg.Pool;
  drop(): Promise<void>;
}

/** A database of its own for one test file, copied from the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = new URL(inject('templateUrl'));
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(template, `CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)}`);
  const url = withDatabase(template, name);
  const owner = createPool({ connectionString: url, role: null, max: 4, onError: () => {} });
  return {
    url,
    owner,
    async drop() {
      await owner.end();
      await asAdmin(template, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** Two test files may copy the template at once: Postgres refuses the second until the first is done. */
async function asAdmin(template: URL, statement: string, attempts = 50): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(template, 'postgres') });
  await client.connect();
  try {
    await client.query(statement);
  } catch (error) {
    if ((error as { code?: string }).code !== '55006' || attempts === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    await asAdmin(template, statement, attempts - 1);
  } finally {
    await client.end();
  }
}

function withDatabase(url: URL, name: string): string {
  const copy = new URL(url);
  copy.pathname = `/${name}`;
  return copy.href;
}
