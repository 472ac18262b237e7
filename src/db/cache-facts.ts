import type pg from 'pg';
import { asAppError } from './failures.ts';
import { loadTrackedTables, type TrackedTables } from './reads/tracked-tables.ts';

/** What the database says about caching: the same for all nodes, fixed while a server runs. */
export interface CacheFacts {
  readonly tracked: TrackedTables;
  /** Nodes share it, so that they find each other's entries; nobody else can make or understand a key. */
  readonly keySecret: string;
}

/** Loads the facts when they are first needed; a failure is not remembered. */
export function createCacheFacts(pool: pg.Pool): () => Promise<CacheFacts> {
  let loading: Promise<CacheFacts> | null = null;
  return () => {
    loading ??= load(pool).catch((error: unknown) => {
      loading = null;
      throw asAppError(error);
    });
    return loading;
  };
}

async function load(pool: pg.Pool): Promise<CacheFacts> {
  const [tracked, secrets] = await Promise.all([
    loadTrackedTables(pool),
    pool.query<{ secret: string }>('SELECT secret FROM cache_key_secrets'),
  ]);
  const keySecret = secrets.rows[0]?.secret;
  if (!keySecret) throw new Error('The database has no secret for cache keys.');
  return { tracked, keySecret };
}
