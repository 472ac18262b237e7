import { execute, parse, type DocumentNode } from 'graphql';
import type pg from 'pg';
import type { Seq, Tag } from '../../src/cache/index.ts';
import type { TrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { createTenantSession, type SessionOptions, type TenantSession } from '../../src/db/session.ts';
import { createClock } from '../../src/graphql/clock.ts';
import { createContext } from '../../src/graphql/context.ts';
import { buildSchema } from '../../src/graphql/schema.ts';
import type { Viewer } from '../../src/graphql/viewer.ts';
import '../../src/modules/index.ts';
import { loadViewer } from '../../src/modules/people/load-viewer.ts';
import { testNow, type Person, type TestTenant } from './world.ts';

/** What one execution answered, and what the database layer recorded of it. */
export interface Execution {
  /** `data` as JSON. */
  readonly body: string;
  readonly errors: readonly Error[];
  readonly stamp: Seq;
  readonly tags: readonly Tag[];
}

export interface Executor {
  readonly schema: ReturnType<typeof buildSchema>;
  run(viewer: Viewer, text: string, variables?: Record<string, unknown>): Promise<Execution>;
  viewerOf(tenant: TestTenant, person: Person): Promise<Viewer>;
}

export interface ExecutorOptions {
  pool: pg.Pool;
  tracked: TrackedTables;
  /** @default createTenantSession */
  openSession?: (options: SessionOptions) => TenantSession;
}

/** Runs operations in this process, each in a session of its own that records what it reads; always at `testNow`. */
export function createExecutor({ pool, tracked, openSession = createTenantSession }: ExecutorOptions): Executor {
  const schema = buildSchema();
  const documents = new Map<string, DocumentNode>();
  return {
    schema,
    async run(viewer, text, variables) {
      const document = documents.get(text) ?? parse(text);
      documents.set(text, document);
      const session = openSession({ pool, tenantId: viewer.tenantId, personId: viewer.personId, tracked });
      try {
        const stamp = await session.stamp();
        const contextValue = createContext({
          viewer,
          session,
          clock: createClock(testNow),
          requestId: 'test',
        });
        const { data, errors = [] } = await execute({ schema, document, variableValues: variables, contextValue });
        return { body: JSON.stringify(data), errors, stamp, tags: [...session.reads] };
      } finally {
        await session.close();
      }
    },
    async viewerOf(tenant, person) {
      const session = createTenantSession({ pool, tenantId: tenant.id });
      try {
        const viewer = await loadViewer(session, person.id);
        if (!viewer) throw new Error('This person may not come in.');
        return viewer;
      } finally {
        await session.close();
      }
    },
  };
}
