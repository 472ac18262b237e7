import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTenantSession, type TenantSession } from '../../src/db/session.ts';
import { newId } from '../../src/ids.ts';
import { createWorld, type World } from '../support/world.ts';

// The application's own check with row-level security taken away: sessions over the owner's connections, which
// Postgres lets past every policy.
let world: World;
let acme: TenantSession;

beforeAll(async () => {
  world = await createWorld();
  acme = createTenantSession({ pool: world.database.owner, tenantId: world.acme.id });
});
afterAll(async () => {
  await acme.close();
  await world.close();
});

const emails = (rows: readonly { email: string | null }[]) => rows.map(({ email }) => String(email)).toSorted();
const own = ['admin@acme.test', 'agent@acme.test', 'manager@acme.test', 'member@acme.test'];

describe('the application check alone', () => {
  it('has nothing below it here: the same connection sees both tenants in plain SQL', async () => {
    const { rows } = await sql<{ tenants: number }>`SELECT count(DISTINCT tenant_id) AS tenants FROM people`.execute(
      acme.read,
    );
    expect(rows).toEqual([{ tenants: 2 }]);
  });

  it('holds a select, under its name or an alias', async () => {
    expect(emails(await acme.read.selectFrom('people').select('email').execute())).toEqual(own);
    expect(emails(await acme.read.selectFrom('people as p').select('p.email').execute())).toEqual(own);
    const either = acme.read.selectFrom('people').select('email').where('active', '=', true);
    const all = either.where((where) => where.or([where('active', '=', true), where('active', '=', false)]));
    expect(emails(await all.execute())).toEqual(own);
    const slugs = await acme.read.selectFrom('tenants').select('slug').execute();
    expect(slugs).toEqual([{ slug: 'acme' }]);
  });

  it('holds both sides of a join of any kind', async () => {
    const { read } = acme;
    const pairs = (rows: readonly { email: string | null; name: string | null }[]) =>
      rows.map(({ email, name }) => `${email} ${name}`).toSorted();
    const cross = await read.selectFrom(['people', 'sites']).select(['people.email', 'sites.name']).execute();
    const everywhere = own.flatMap((email) => [`${email} Elsewhere`, `${email} Here`]);
    expect(pairs(cross)).toEqual(everywhere);
    const crossed = read.selectFrom('people').crossJoin('sites').select(['people.email', 'sites.name']);
    expect(pairs(await crossed.execute())).toEqual(everywhere);
    const inner = read.selectFrom('people').innerJoin('sites', (join) => join.onTrue());
    expect(pairs(await inner.select(['people.email', 'sites.name']).execute())).toEqual(everywhere);
    const left = read.selectFrom('people').leftJoin('sites', (join) => join.onTrue());
    expect(pairs(await left.select(['people.email', 'sites.name']).execute())).toEqual(everywhere);
    const right = read.selectFrom('people').rightJoin('sites', (join) => join.onTrue());
    expect(pairs(await right.select(['people.email', 'sites.name']).execute())).toEqual(everywhere);
    const full = read.selectFrom('people').fullJoin('sites', 'sites.id', 'people.site_id');
    const seen = await full.select(['people.email', 'sites.name']).execute();
    expect(emails(seen.filter(({ email }) => email !== null))).toEqual(own);
    const lateral = read
      .selectFrom('sites')
      .innerJoinLateral(
        (from) => from.selectFrom('people').select('email').as('p'),
        (join) => join.onTrue(),
      )
      .select('p.email')
      .distinct();
    expect(emails(await lateral.execute())).toEqual(own);
  });

  it('holds subqueries wherever they stand', async () => {
    const { read } = acme;
    const derived = read.selectFrom((from) => from.selectFrom('people').select('email').as('p')).select('p.email');
    expect(emails(await derived.execute())).toEqual(own);
    const scalar = read.selectFrom('tenants').select((from) =>
      from
        .selectFrom('people')
        .select(sql<number>`count(*)`.as('n'))
        .as('people'),
    );
    expect(await scalar.execute()).toEqual([{ people: 4 }]);
    const foreignSite = read
      .selectFrom('people')
      .select('email')
      .where((where) => where.exists(where.selectFrom('sites').select('id').where('id', '=', world.globex.sites.here)));
    expect(await foreignSite.execute()).toEqual([]);
    const union = read
      .selectFrom('people')
      .select('email')
      .where('email', 'like', 'a%')
      .union((from) => from.selectFrom('people').select('email'));
    expect(emails(await union.execute())).toEqual(own);
  });

  it('holds common table expressions, also one that takes the name of a table', async () => {
    const { read } = acme;
    const plain = read
      .with('everybody', (db) => db.selectFrom('people').select('email'))
      .selectFrom('everybody')
      .select('email');
    expect(emails(await plain.execute())).toEqual(own);
    const shadowing = read
      .with('people', (db) => db.selectFrom('people').select(['email']))
      .selectFrom('people')
      .select('email');
    expect(emails(await shadowing.execute())).toEqual(own);
    const nested = read
      .selectFrom((from) =>
        (from as unknown as typeof read)
          .selectFrom('people')
          .innerJoin('sites', 'sites.id', 'people.site_id')
          .select('people.email')
          .as('p'),
      )
      .innerJoin('people as q', (join) => join.onTrue())
      .select('q.email')
      .distinct();
    expect(emails(await nested.execute())).toEqual(own);
    const elsewhere = read.selectFrom('people').select((from) => [
      'people.email',
      from
        .selectFrom(
          read
            .with('sites', (db) => db.selectFrom('teams').select('id'))
            .selectFrom('sites')
            .select('id')
            .as('inner_sites'),
        )
        .select(sql<number>`count(*)`.as('n'))
        .as('teams'),
      from
        .selectFrom('sites')
        .select(sql<number>`count(*)`.as('n'))
        .as('sites'),
    ]);
    const counted = await elsewhere.execute();
    expect(counted.map(({ teams, sites }) => [teams, sites])).toEqual([1, 2, 3, 4].map(() => [1, 2]));
  });

  it('holds updates and deletes, with whatever they join', async () => {
    const state = () =>
      world.database.owner
        .query(
          `SELECT p.*, (SELECT count(*) FROM person_roles r WHERE r.tenant_id = p.tenant_id) AS roles
             FROM people p WHERE tenant_id = '${world.globex.id}' ORDER BY id`,
        )
        .then(({ rows }) => rows);
    const before = await state();
    expect(before).toHaveLength(4);
    const undone = new Error('taken back');
    const done = acme.write(async (trx) => {
      const all = await trx.updateTable('people').set({ title: 'changed' }).executeTakeFirstOrThrow();
      expect(all.numUpdatedRows).toBe(4n);
      const from = await trx
        .updateTable('people')
        .from('sites')
        .set({ title: 'changed' })
        .where('sites.id', '=', world.globex.sites.here)
        .executeTakeFirstOrThrow();
      expect(from.numUpdatedRows).toBe(0n);
      const foreign = world.globex.people.agent.id;
      const one = await trx
        .updateTable('people')
        .set({ title: 'x' })
        .where('id', '=', foreign)
        .executeTakeFirstOrThrow();
      expect(one.numUpdatedRows).toBe(0n);
      const returned = await trx.updateTable('people as p').set({ title: 'y' }).returning('p.email').execute();
      expect(emails(returned)).toEqual(own);
      const using = await trx
        .deleteFrom('person_roles')
        .using('roles')
        .whereRef('roles.id', '=', 'person_roles.role_id')
        .executeTakeFirstOrThrow();
      expect(using.numDeletedRows).toBe(4n);
      const rest = await trx.deleteFrom('person_roles').executeTakeFirstOrThrow();
      expect(rest.numDeletedRows).toBe(0n);
      const writing = await trx
        .with('gone', (db) => db.deleteFrom('role_permissions').returning('role_id'))
        .selectFrom('gone')
        .select('role_id')
        .distinct()
        .execute();
      expect(writing).toHaveLength(4);
      throw undone;
    });
    await expect(done).rejects.toBe(undone);
    expect(await state()).toEqual(before);
  });

  it('inserts into its own tenant, also what it selects', async () => {
    const undone = new Error('taken back');
    const done = acme.write(async (trx) => {
      await trx
        .insertInto('teams')
        .columns(['id', 'name'])
        .expression((from) => from.selectFrom('people').select(['people.id', 'people.email']))
        .execute();
      await trx
        .insertInto('teams')
        .values({ id: newId(), name: 'Service desk', description: 'was there' })
        .onConflict((conflict) =>
          conflict.columns(['tenant_id' as never, 'name']).doUpdateSet({ description: 'was there' }),
        )
        .execute();
      const { rows } = await sql<{ tenant_id: string; teams: number; changed: number }>`
        SELECT tenant_id, count(*) AS teams, count(description) AS changed FROM teams GROUP BY 1`.execute(trx);
      const byTenant = new Map(rows.map((row) => [row.tenant_id, row]));
      expect(byTenant.get(world.acme.id)).toMatchObject({ teams: 5, changed: 1 });
      expect(byTenant.get(world.globex.id)).toMatchObject({ teams: 1, changed: 0 });
      throw undone;
    });
    await expect(done).rejects.toBe(undone);
  });
});
