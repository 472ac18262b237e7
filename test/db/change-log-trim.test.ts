import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TagMap } from '../../src/cache/coherence/tag-map.ts';
import { createPostgresChangeLog } from '../../src/db/change-log.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let owner: pg.Pool;
beforeAll(async () => {
  world = await createWorld();
  owner = world.database.owner;
});
afterAll(() => world.close());

const change = (id: string) => owner.query(`UPDATE teams SET description = now()::text WHERE id = $1`, [id]);
const everything = '-1 hour'; // as of an hour from now, so whatever its age

describe('trimming', () => {
  it('forgets what is old enough, and keeps the newest change of each tenant', async () => {
    const { acme, globex } = world;
    for (const { teamId } of [acme, globex, acme]) await change(teamId);
    const [young] = await rows(`SELECT trim_change_log('1 day') AS trimmed`);
    expect(young).toEqual({ trimmed: 0 });
    const heads = await rows('SELECT tenant_id, max(seq) AS seq FROM change_log GROUP BY 1 ORDER BY 1');
    const [{ count }] = (await rows('SELECT count(*) FROM change_log')) as [{ count: number }];
    expect(await rows(`SELECT trim_change_log('${everything}') AS trimmed`)).toEqual([{ trimmed: count - 2 }]);
    expect(await rows('SELECT tenant_id, seq FROM change_log ORDER BY 1')).toEqual(heads);
    const [{ lost }] = (await rows(
      'SELECT count(*) AS lost FROM change_log LEFT JOIN change_log_tags t USING (xid, begun_at, tenant_id) WHERE t.xid IS NULL',
    )) as [{ lost: number }];
    expect(lost).toBe(0);
    const [{ left }] = (await rows(
      'SELECT count(*) AS left FROM change_log_tags LEFT JOIN change_log l USING (xid, begun_at, tenant_id) WHERE l.xid IS NULL',
    )) as [{ left: number }];
    expect(left).toBe(0);
  });

  it('tells a reader that is behind it that something was missed, and no other', async () => {
    const { acme } = world;
    const log = createPostgresChangeLog({ pool: world.app.pool, schemaHash: 'test' });
    const head = async () => (await log.pull(new Map([[acme.id, undefined]]))).tenants.get(acme.id)?.head ?? 0;
    await change(acme.teamId);
    const behind = await head();
    await change(acme.teamId);
    const upToDate = await head();
    await change(acme.teamId);
    await owner.query(`SELECT trim_change_log('${everything}')`);
    const pull = async (from: number) => (await log.pull(new Map([[acme.id, from]]))).tenants.get(acme.id);
    expect(await pull(behind)).toMatchObject({ complete: false });
    // Its own position is gone as well, but nothing after it is.
    expect(await pull(upToDate)).toMatchObject({ complete: true, changes: [{ seq: expect.any(Number) }] });
    expect(await pull(await head())).toEqual({ head: await head(), complete: true, changes: [] });
  });

  it('costs a node that is behind its entries, and never answers an old one', async () => {
    const { acme } = world;
    const log = createPostgresChangeLog({ pool: world.app.pool, schemaHash: 'test' });
    const tags = new TagMap();
    const sync = async () => tags.apply(await log.pull(new Map([[acme.id, tags.applied(acme.id)]])), 0);
    await sync();
    const entry = { epoch: tags.epoch ?? '', stamp: tags.applied(acme.id) ?? 0, tags: ['E:team:of-another'] };
    expect(tags.refusal(acme.id, entry)).toBeNull();
    await change(acme.teamId);
    await change(acme.teamId);
    await owner.query(`SELECT trim_change_log('${everything}')`);
    await sync();
    expect(tags.refusal(acme.id, entry)).toMatchObject({ reason: 'floor' });
  });
});

async function rows(statement: string): Promise<unknown[]> {
  return (await owner.query(statement)).rows;
}
