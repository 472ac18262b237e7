import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applicationRole, createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

describe('a pooled connection', () => {
  const oneConnection = (statementTimeoutMs?: number) =>
    createPool({
      connectionString: world.database.url,
      role: applicationRole,
      max: 1,
      ...(statementTimeoutMs && { statementTimeoutMs }),
      onError: () => {},
    });

  it.each(['commit', 'error', 'failed statement', 'failed read', 'cancel'])(
    'carries no tenant over to its next user after a %s',
    async (ending) => {
      const pool = oneConnection(ending === 'cancel' ? 50 : undefined);
      try {
        const session = createTenantSession({ pool, tenantId: world.acme.id, personId: world.acme.people.admin.id });
        const endings: Record<string, () => Promise<unknown>> = {
          commit: () => session.write((trx) => trx.selectFrom('people').select('id').execute()),
          error: () =>
            session.write(async (trx) => {
              await trx.selectFrom('people').select('id').execute();
              throw new Error('changed my mind');
            }),
          'failed statement': () => session.write((trx) => sql`SELECT 1 / 0`.execute(trx)),
          'failed read': () => sql`SELECT 1 / 0`.execute(session.read),
          cancel: () => sql`SELECT pg_sleep(5)`.execute(session.read),
        };
        const outcome = await endings[ending]?.().then(
          () => 'fine',
          () => 'failed',
        );
        expect(outcome).toBe(ending === 'commit' ? 'fine' : 'failed');
        await session.close();

        const next = await pool.query(
          `SELECT nullif(current_setting('app.tenant', true), '') AS tenant,
                  nullif(current_setting('app.person', true), '') AS person,
                  current_user::text AS role, (SELECT count(*) FROM people) AS people`,
        );
        expect(next.rows).toEqual([{ tenant: null, person: null, role: applicationRole, people: 0 }]);
        const other = createTenantSession({ pool, tenantId: world.globex.id });
        const seen = await sql<{ tenant_id: string }>`SELECT DISTINCT tenant_id FROM people`.execute(other.read);
        expect(seen.rows).toEqual([{ tenant_id: world.globex.id }]);
        await other.close();
      } finally {
        await pool.end();
      }
    },
  );

  it.each(['commit', 'error'])(
    'runs nothing for a transaction that has ended by %s, whoever has it by then',
    async (ending) => {
      const pool = oneConnection();
      let goOn = () => {};
      const hasEnded = new Promise<void>((resolve) => (goOn = resolve));
      let straggler: Promise<string> | undefined;
      const session = createTenantSession({ pool, tenantId: world.acme.id });
      const next = createTenantSession({ pool, tenantId: world.globex.id });
      try {
        const writing = session.write(async (trx) => {
          straggler = hasEnded
            .then(() => sql`SELECT DISTINCT tenant_id FROM people`.execute(trx))
            .then(({ rows }) => JSON.stringify(rows), String);
          await trx.selectFrom('people').select('id').execute();
          if (ending === 'error') throw new Error('changed my mind');
        });
        expect(await writing.then(() => 'commit', String)).toBe(ending === 'error' ? 'Error: changed my mind' : ending);
        await next.stamp(); // the connection is theirs now
        goOn();
        expect(await straggler).toContain('The transaction is over');
        expect(await next.read.selectFrom('people').select('id').execute()).not.toEqual([]);
      } finally {
        await next.close();
        await pool.end();
      }
    },
  );
});
