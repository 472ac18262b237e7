import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { announceTags } from '../../src/db/announce-tags.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { newId } from '../../src/ids.ts';
import { logged, onOneConnection, type Logged } from '../support/logged.ts';
import { insertTickets } from '../support/tickets.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

let world: World;
let owner: pg.Pool;
let acme: TestTenant;
let globex: TestTenant;
let ticketId: string;

beforeAll(async () => {
  world = await createWorld();
  ({ acme, globex } = world);
  owner = world.database.owner;
  [ticketId = ''] = await insertTickets(acme, [
    { site_id: acme.sites.here, created_at: new Date('2026-11-05T12:00:00Z') },
  ]);
});
afterAll(() => world.close());

/** What the log tells both tenants of `work`. */
const tell = (work: () => Promise<unknown>): Promise<Logged> => logged(owner, [acme.id, globex.id], work);
const run = (statement: string, values?: unknown[]) => tell(() => owner.query(statement, values));

describe('the change log tells', () => {
  it('of a row that was inserted, its id and each of its partitions', async () => {
    const id = newId();
    const told = await run(
      `INSERT INTO tickets (tenant_id, id, number, title, site_id, created_at) VALUES ($1, $2, 9001, 'New', $3, '2026-10-31 23:59Z')`,
      [acme.id, id, acme.sites.here],
    );
    expect(told).toEqual({
      [acme.id]: [
        `E:ticket:${id}`,
        'L:ticket',
        'P:ticket:created_at:month=2026-10',
        `P:ticket:site_id=${acme.sites.here}`,
      ],
    });
  });

  it('of a row that moved, the partition it left and the one it came to', async () => {
    const { here, elsewhere } = acme.sites;
    const told = await run(`UPDATE tickets SET site_id = $1, created_at = '2026-12-01Z' WHERE id = $2`, [
      elsewhere,
      ticketId,
    ]);
    expect(told[acme.id]).toEqual(
      expect.arrayContaining([
        `P:ticket:site_id=${here}`,
        `P:ticket:site_id=${elsewhere}`,
        'P:ticket:created_at:month=2026-11',
        'P:ticket:created_at:month=2026-12',
      ]),
    );
    expect(
      await run(`UPDATE tickets SET site_id = $1, created_at = '2026-11-05Z' WHERE id = $2`, [here, ticketId]),
    ).toEqual(told);
  });

  it('the month in UTC, whatever the zone of the session that writes', async () => {
    const told = await tell(() =>
      onOneConnection(
        owner,
        `SET TimeZone = 'Pacific/Kiritimati'`,
        `UPDATE tickets SET created_at = '2026-11-30 23:30Z' WHERE id = '${ticketId}'`,
      ),
    );
    const months = told[acme.id]?.filter((tag) => tag.includes(':month='));
    expect(months).toEqual(['P:ticket:created_at:month=2026-11']);
  });

  it('of a row that was deleted, and of those that went with it', async () => {
    const [id = ''] = await insertTickets(acme, [{}]);
    const [comment, event] = [newId(), newId()];
    await owner.query(`INSERT INTO ticket_comments (tenant_id, id, ticket_id, body) VALUES ($1, $2, $3, 'x')`, [
      acme.id,
      comment,
      id,
    ]);
    await owner.query(`INSERT INTO ticket_events (tenant_id, id, ticket_id, kind) VALUES ($1, $2, $3, 'CREATED')`, [
      acme.id,
      event,
      id,
    ]);
    const told = await run('DELETE FROM tickets WHERE id = $1', [id]);
    expect(told[acme.id]).toEqual(
      expect.arrayContaining([
        `E:ticket:${id}`,
        `E:ticket_comment:${comment}`,
        `P:ticket_comment:ticket_id=${id}`,
        `E:ticket_event:${event}`,
        `P:ticket_event:ticket_id=${id}`,
      ]),
    );
    expect(told[globex.id]).toBeUndefined();
  });

  it('of what triggers did: a comment changes its ticket', async () => {
    const told = await run(`INSERT INTO ticket_comments (tenant_id, id, ticket_id, body) VALUES ($1, $2, $3, 'x')`, [
      acme.id,
      newId(),
      ticketId,
    ]);
    expect(told[acme.id]).toEqual(
      expect.arrayContaining([`E:ticket:${ticketId}`, `P:ticket_comment:ticket_id=${ticketId}`]),
    );
  });

  it('of COPY', async () => {
    const id = newId();
    const told = await tell(async () => {
      const client = await owner.connect();
      try {
        await copyIn(client, 'teams (tenant_id, id, name)', `${globex.id}\t${id}\tCopied\n`);
      } finally {
        client.release();
      }
    });
    expect(told).toEqual({ [globex.id]: [`E:team:${id}`, 'L:team'] });
  });

  it('of INSERT … ON CONFLICT and MERGE, whichever they did', async () => {
    const upsert = `INSERT INTO sites (tenant_id, id, name, code) VALUES ('${acme.id}', '${acme.sites.here}', 'Here', 'HERE')
      ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name`;
    expect(await run(upsert)).toEqual({ [acme.id]: [`E:site:${acme.sites.here}`, 'L:site'] });
    const merge = `MERGE INTO sites s USING (VALUES ('${acme.sites.elsewhere}'::uuid)) v (id) ON s.id = v.id
      WHEN MATCHED THEN UPDATE SET name = 'Elsewhere'`;
    expect(await run(merge)).toEqual({ [acme.id]: [`E:site:${acme.sites.elsewhere}`, 'L:site'] });
  });

  it('of writes under session_replication_role = replica', async () => {
    const told = await tell(() =>
      onOneConnection(
        owner,
        `SET session_replication_role = replica`,
        `UPDATE teams SET description = 'x' WHERE id = '${acme.teamId}'`,
      ),
    );
    expect(told).toEqual({ [acme.id]: [`E:team:${acme.teamId}`, 'L:team'] });
  });

  it('of tables without an id by their partitions alone', async () => {
    const { agent } = acme.people;
    const told = await run(`INSERT INTO team_members (tenant_id, team_id, person_id) VALUES ($1, $2, $3)`, [
      acme.id,
      acme.teamId,
      agent.id,
    ]);
    expect(told[acme.id]).toEqual([
      'L:team_member',
      `P:team_member:person_id=${agent.id}`,
      `P:team_member:team_id=${acme.teamId}`,
    ]);
  });

  it('each tenant of its own rows, where one statement changes rows of several', async () => {
    const told = await run(`UPDATE teams SET description = 'y' WHERE id IN ($1, $2)`, [acme.teamId, globex.teamId]);
    expect(told).toEqual({
      [acme.id]: [`E:team:${acme.teamId}`, 'L:team'],
      [globex.id]: [`E:team:${globex.teamId}`, 'L:team'],
    });
  });

  it('both tenants of a row that goes from one to the other', async () => {
    const id = newId();
    await owner.query(`INSERT INTO customers (tenant_id, id, name) VALUES ($1, $2, 'x')`, [acme.id, id]);
    const told = await run(`UPDATE customers SET tenant_id = $1 WHERE id = $2`, [globex.id, id]);
    const tags = [`E:customer:${id}`, 'L:customer'];
    expect(told).toEqual({ [acme.id]: tags, [globex.id]: tags });
  });

  it('of the whole type where a statement changed very many rows, rather than of each', async () => {
    const insert = (count: number) =>
      run(
        `INSERT INTO customers (tenant_id, id, name) SELECT $1, gen_random_uuid(), 'Bulk' FROM generate_series(1, $2)`,
        [globex.id, count],
      );
    expect((await insert(500))[globex.id]).toHaveLength(501);
    expect(await insert(501)).toEqual({ [globex.id]: ['A:customer', 'L:customer'] });
    const told = await run(`UPDATE customers SET name = 'All' WHERE name = 'Bulk'`);
    expect(told).toEqual({ [globex.id]: ['A:customer', 'L:customer'] });
    expect(await run(`DELETE FROM customers WHERE name = 'All'`)).toEqual(told);
  });

  it('of what lives outside SQL, for the tenant that says so and no other', async () => {
    const told = await tell(() => acme.session.write((trx) => announceTags(trx, ['T:weather', 'T:tides'])));
    expect(told).toEqual({ [acme.id]: ['T:tides', 'T:weather'] });
    const nobody = world.app.pool.query(`SELECT log_tags(ARRAY['T:weather'])`);
    await expect(nobody).rejects.toThrow('Whose tags they are is not set.');
  });

  it('of tags that are announced by hand, whatever is in them, and where: the transaction has its position as any', async () => {
    const id = newId();
    const tags = [
      '*',
      '~*',
      'L:ticket',
      '~L:ticket',
      `E:ticket:${id}`,
      `~E:ticket:${id}`,
      `T:x'); DROP TABLE sites; --`,
    ];
    const session = createTenantSession({ pool: world.app.pool, tenantId: acme.id });
    const told = await tell(() => session.write((trx) => announceTags(trx, tags)));
    expect(told).toEqual({ [acme.id]: tags.toSorted() });
    const { rows } = await owner.query('SELECT max(seq) AS head FROM change_log WHERE tenant_id = $1', [acme.id]);
    expect(session.written.token).toBe(rows[0]?.head);
    await session.close();
  });
});

async function copyIn(client: pg.PoolClient, target: string, text: string): Promise<void> {
  // The wire protocol of COPY, for which node-postgres has no method of its own.
  const connection = (client as unknown as { connection: CopyConnection }).connection;
  await new Promise<void>((resolve, reject) => {
    const copy = {
      submit: () => connection.query(`COPY ${target} FROM STDIN`),
      handleCopyInResponse: () => {
        void pipeline(Readable.from([text]), async (chunks) => {
          for await (const chunk of chunks) connection.sendCopyFromChunk(Buffer.from(String(chunk)));
          connection.endCopyFrom();
        });
      },
      handleCommandComplete() {},
      handleReadyForQuery: () => resolve(),
      handleError: (error: Error) => reject(error),
    };
    (client.query as (query: unknown) => void)(copy);
  });
}

interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}
