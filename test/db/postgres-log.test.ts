import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresLog, type PostgresLog } from '../../src/db/postgres-log/create-postgres-log.ts';
import { until } from '../support/built-server.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
let log: PostgresLog;
let tenants = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  log = createPostgresLog({ pool: database.owner });
  await Promise.all([log.install(), log.install(), log.install()]); // nodes that start at once
  await log.install();
});
afterAll(() => database.drop());

const newTenant = () => `tenant ${(tenants += 1)}`;
const pull = async (tenant: string, since?: number) => {
  const { epoch, tenants: pulled } = await log.pull(new Map([[tenant, since]]));
  return { epoch, ...pulled.get(tenant) };
};

describe('a change log in anybody’s Postgres', () => {
  it('brings what changed after a position, oldest first, and says where it stands', async () => {
    const tenant = newTenant();
    expect(await pull(tenant, 0)).toMatchObject({ head: 0, changes: [], complete: true });
    const one = await log.append(tenant, ['E:Todo:1', 'any']);
    const two = await log.append(tenant, ['L:Todo']);
    expect(await pull(tenant, 0)).toMatchObject({
      head: two,
      changes: [
        { seq: one, tags: ['E:Todo:1', 'any'] },
        { seq: two, tags: ['L:Todo'] },
      ],
      complete: true,
    });
    expect(await pull(tenant, one)).toMatchObject({ head: two, changes: [{ seq: two }], complete: true });
    expect(await pull(tenant)).toMatchObject({ head: two, changes: [], complete: false });
    expect(await pull(newTenant(), 0)).toMatchObject({ head: 0, changes: [] });
  });

  it('numbers changes in the order they become visible, also those of transactions of others', async () => {
    const tenant = newTenant();
    const client = await database.owner.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT coherent_cache.changed($1, $2, $3)', [tenant, 'Todo', '7']);
      let isAppended = false;
      const second = log.append(tenant, ['L:User']).then(() => (isAppended = true));
      await log.append(newTenant(), ['L:User']); // others do not wait
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(isAppended).toBe(false);
      expect(await pull(tenant, 0)).toMatchObject({ head: 0, changes: [] });
      await client.query('COMMIT');
      await second;
    } finally {
      client.release();
    }
    const { changes } = await pull(tenant, 0);
    expect(changes?.map(({ tags }) => tags)).toEqual([['L:Todo', 'E:Todo:7', 'any'], ['L:User']]);
  });

  it('leaves nothing of a transaction that was rolled back', async () => {
    const tenant = newTenant();
    await database.owner.query('BEGIN; SELECT coherent_cache.changed($$' + tenant + '$$, $$Todo$$); ROLLBACK');
    expect(await pull(tenant, 0)).toMatchObject({ head: 0 });
  });

  it('is trimmed by age but for the newest, and tells who is too far behind', async () => {
    const tenant = newTenant();
    const trimming = createPostgresLog({ pool: database.owner, keepMs: 0, trimEveryMs: 0 });
    const one = await log.append(tenant, ['a']);
    const two = await log.append(tenant, ['b']);
    const three = await trimming.append(tenant, ['c']);
    await until(async () => !(await pull(tenant, one)).complete);
    expect(await pull(tenant, one)).toMatchObject({ head: three, complete: false });
    expect(await pull(tenant, two)).toMatchObject({ head: three, changes: [{ seq: three }], complete: true });
  });

  it('gets a new name when asked to, once for all who noticed', async () => {
    const tenant = newTenant();
    const { epoch } = await pull(tenant);
    await Promise.all([log.renewEpoch(epoch), log.renewEpoch(epoch)]);
    const renamed = (await pull(tenant)).epoch;
    expect(renamed).not.toBe(epoch);
    await log.renewEpoch(epoch);
    expect((await pull(tenant)).epoch).toBe(renamed);
  });

  it('needs no rights beyond its own schema', async () => {
    const role = `plain_${Date.now()}`;
    await database.owner.query(`
      CREATE ROLE ${role};
      GRANT USAGE ON SCHEMA coherent_cache TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA coherent_cache TO ${role};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA coherent_cache TO ${role}`);
    const client = await database.owner.connect();
    try {
      await client.query(`SET ROLE ${role}`);
      await client.query(
        "SELECT coherent_cache.changed('t', 'Todo'), coherent_cache.epoch(), coherent_cache.trim('1 h'), coherent_cache.changes_since('{t}', '{0}')",
      );
    } finally {
      await client.query(`RESET ROLE`);
      client.release();
      await database.owner.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it('fails in time when it is not answered', async () => {
    const tenant = newTenant();
    const hurried = createPostgresLog({ pool: database.owner, timeoutMs: 100 });
    const client = await database.owner.connect();
    try {
      await client.query('BEGIN; SELECT coherent_cache.append($$' + tenant + '$$, $${a}$$)');
      await expect(hurried.append(tenant, ['b'])).rejects.toThrow();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
