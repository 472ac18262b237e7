import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresChangeLog } from '../../src/db/change-log.ts';
import { logged, onOneConnection, type Logged } from '../support/logged.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

let world: World;
let owner: pg.Pool;
let acme: TestTenant;
let globex: TestTenant;

beforeAll(async () => {
  world = await createWorld();
  ({ acme, globex } = world);
  owner = world.database.owner;
});
afterAll(() => world.close());

/** What the log tells both tenants of `work`. */
const tell = (work: () => Promise<unknown>): Promise<Logged> => logged(owner, [acme.id, globex.id], work);
const run = (statement: string) => tell(() => owner.query(statement));

describe('the change log tells nothing', () => {
  it('of statements that changed no row', async () => {
    expect(await run(`UPDATE tickets SET title = 'x' WHERE false`)).toEqual({});
    expect(await run(`DELETE FROM tickets WHERE false`)).toEqual({});
    expect(await run(`INSERT INTO teams SELECT * FROM teams WHERE false`)).toEqual({});
  });

  it('of transactions and savepoints that were rolled back', async () => {
    const change = (id: string) => `UPDATE teams SET description = 'z' WHERE id = '${id}'`;
    expect(await tell(() => onOneConnection(owner, 'BEGIN', change(acme.teamId), 'ROLLBACK'))).toEqual({});
    const told = await tell(() =>
      onOneConnection(
        owner,
        'BEGIN',
        'SAVEPOINT one',
        change(acme.teamId),
        'ROLLBACK TO one',
        change(globex.teamId),
        'COMMIT',
      ),
    );
    expect(told).toEqual({ [globex.id]: [`E:team:${globex.teamId}`, 'L:team'] });
  });

  it('twice, and leaves nothing out, however savepoints and early sealing interleave', async () => {
    const change = `UPDATE teams SET description = 'w' WHERE id = '${acme.teamId}'`;
    const other = `UPDATE sites SET address = 'w' WHERE id = '${acme.sites.here}'`;
    const seal = 'SET CONSTRAINTS seal IMMEDIATE';
    const [team, site] = [
      [`E:team:${acme.teamId}`, 'L:team'],
      [`E:site:${acme.sites.here}`, 'L:site'],
    ];
    const cases: [string[], string[]][] = [
      [['SAVEPOINT a', change, seal, 'ROLLBACK TO a', other], site],
      [['SAVEPOINT a', change, 'RELEASE a', seal, 'SAVEPOINT b', other, 'ROLLBACK TO b'], team],
      [
        [change, 'SAVEPOINT a', seal, 'ROLLBACK TO a', other],
        [...site, ...team],
      ],
      [
        [change, seal, other],
        [...site, ...team],
      ],
      [['SAVEPOINT a', change, 'SAVEPOINT b', other, 'ROLLBACK TO a', 'SET CONSTRAINTS ALL DEFERRED', other], site],
    ];
    for (const [statements, tags] of cases) {
      const [before] = (await owner.query('SELECT count(*) FROM change_log WHERE tenant_id = $1', [acme.id])).rows;
      expect(await tell(() => onOneConnection(owner, 'BEGIN', ...statements, 'COMMIT'))).toEqual({
        [acme.id]: tags.toSorted(),
      });
      const [after] = (await owner.query('SELECT count(*) FROM change_log WHERE tenant_id = $1', [acme.id])).rows;
      expect(after.count - before.count).toBe(1);
    }
  });

  it('a second time of a transaction of very many statements, which is sealed once', async () => {
    const told = await tell(() =>
      onOneConnection(
        owner,
        `DO $$ BEGIN FOR i IN 1..3000 LOOP
        UPDATE teams SET description = i::text WHERE id = '${acme.teamId}'; END LOOP; END $$`,
      ),
    );
    expect(told).toEqual({ [acme.id]: [`E:team:${acme.teamId}`, 'L:team'] });
    const { rows } = await owner.query(
      `SELECT count(*), count(*) FILTER (WHERE opens) AS opening FROM change_log_tags
        JOIN (SELECT xid FROM change_log WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1) newest USING (xid)`,
      [acme.id],
    );
    expect(rows).toEqual([{ count: 3000, opening: 1 }]);
  });
});

it('tells of a transaction at once, whatever its statements: who has seen its position has seen all of it', async () => {
  const log = createPostgresChangeLog({ pool: owner, schemaHash: 'test' });
  const head = (await log.pull(new Map([[acme.id, undefined]]))).tenants.get(acme.id)?.head ?? 0;
  await onOneConnection(
    owner,
    'BEGIN',
    `UPDATE teams SET description = 'one' WHERE id = '${acme.teamId}'`,
    `UPDATE sites SET address = 'two' WHERE id = '${acme.sites.here}'`,
    'COMMIT',
  );
  const pulled = (await log.pull(new Map([[acme.id, head]]))).tenants.get(acme.id);
  const tags = expect.arrayContaining([`E:team:${acme.teamId}`, `E:site:${acme.sites.here}`]);
  expect(pulled?.changes).toEqual([{ seq: pulled?.head, tags }]);
});

describe('a database restored from a dump', () => {
  it('logs a transaction whose number the dump has too', async () => {
    const told = await tell(() =>
      onOneConnection(
        owner,
        'BEGIN',
        `INSERT INTO change_log_tags (begun_at, tenant_id, type, row_count, tags, opens) VALUES ('2020-01-01', '${acme.id}', 'old', 1, '{L:old}', false)`,
        `INSERT INTO change_log (tenant_id, seq, xid, begun_at, sealed_at) VALUES ('${acme.id}', nextval('change_seq'), pg_current_xact_id(), '2020-01-01', now())`,
        `UPDATE teams SET description = 'v' WHERE id = '${acme.teamId}'`,
        'COMMIT',
      ),
    );
    expect(told[acme.id]).toEqual([`E:team:${acme.teamId}`, 'L:old', 'L:team']);
    const { rows } = await owner.query(
      "SELECT begun_at > now() - interval '1 day' AS fresh FROM change_log WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 2",
      [acme.id],
    );
    expect(rows).toEqual([{ fresh: true }, { fresh: false }]);
  });
});
