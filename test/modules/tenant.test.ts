import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

describe('tenant', () => {
  const query = /* GraphQL */ `
    {
      tenant {
        id
        name
        slug
        timeZone
        version
        counts {
          people
          activePeople
          sites
          teams
          tickets
          openTickets
          customers
          assets
        }
      }
    }
  `;

  it('counts everything of its own in one statement, and nothing of another tenant', async () => {
    await world.globex.session.write(async (trx) => {
      const statuses = ['NEW', 'WAITING', 'CLOSED'] as const;
      const tickets = statuses.map((status, index) => ({
        id: newId(),
        number: index + 1,
        title: status,
        status,
        closed_at: status === 'CLOSED' ? new Date('2026-11-19T09:00:00Z') : null,
      }));
      await trx.insertInto('tickets').values(tickets).execute();
      await trx.insertInto('customers').values({ id: newId(), name: 'Customer' }).execute();
      await trx.insertInto('assets').values({ id: newId(), name: 'Anvil', tag: 'A' }).execute();
      const gone = { name: 'Gone', email: 'gone@globex.test', username: 'gone', active: false };
      await trx
        .insertInto('people')
        .values({ id: newId(), ...gone })
        .execute();
    });
    const { token } = world.globex.people.member;
    const { forAnswer, result } = await countStatements(() => world.ask(token, query));
    expect(result.errors).toBeUndefined();
    expect(result.data.tenant).toEqual({
      id: encodeGlobalId('Tenant', world.globex.id),
      name: 'globex',
      slug: 'globex',
      timeZone: 'Europe/Rome',
      version: 1,
      counts: { people: 5, activePeople: 4, sites: 2, teams: 1, tickets: 3, openTickets: 2, customers: 1, assets: 1 },
    });
    expect(forAnswer).toHaveLength(1);
    const acme = await world.ask(world.acme.people.admin.token, query);
    expect(acme.data.tenant.counts).toMatchObject({ people: 4, tickets: 0, customers: 0, assets: 0 });
  });

  it('is a node to its own people and null to others', async () => {
    const node = 'query ($id: ID!) { node(id: $id) { ... on Tenant { slug } } }';
    const variables = { id: encodeGlobalId('Tenant', world.acme.id) };
    expect((await world.ask(world.acme.people.member.token, node, { variables })).data.node).toEqual({ slug: 'acme' });
    expect((await world.ask(world.globex.people.admin.token, node, { variables })).data.node).toBeNull();
  });
});

describe('updateTenant', () => {
  const update = /* GraphQL */ `
    mutation ($input: UpdateTenantInput!) {
      updateTenant(input: $input) {
        __typename
        ... on UpdateTenantPayload {
          tenant {
            name
            slug
            timeZone
            version
          }
        }
        ... on ConflictError {
          currentVersion
        }
        ... on ValidationError {
          fields {
            field
            message
          }
        }
      }
    }
  `;
  const send = async (input: object, token = world.acme.people.admin.token) =>
    (await world.ask(token, update, { variables: { input } })).data.updateTenant;

  it('changes name and time zone, refuses a stale version, and leaves other tenants alone', async () => {
    const first = await send({ version: 1, name: 'Acme S.p.A.', timeZone: 'UTC' });
    expect(first.tenant).toEqual({ name: 'Acme S.p.A.', slug: 'acme', timeZone: 'UTC', version: 2 });
    expect(await send({ version: 1, name: 'Late' })).toEqual({ __typename: 'ConflictError', currentVersion: 2 });
    const { data } = await world.ask(world.globex.people.admin.token, '{ tenant { name version } }');
    expect(data.tenant).toEqual({ name: 'globex', version: 1 });
  });

  it('names the field that is wrong', async () => {
    const fields = async (input: object) =>
      (await send({ version: 1, ...input })).fields.map(({ field }: { field: string }) => field);
    expect(await fields({ name: ' ', timeZone: 'Europe/Atlantis' })).toEqual(['name', 'timeZone']);
    expect(await fields({ timeZone: 'europe/rome' })).toEqual(['timeZone']);
    expect(await fields({ timeZone: null })).toEqual(['timeZone']);
  });

  it('is refused to everybody but those with tenant:write', async () => {
    for (const role of ['manager', 'agent', 'member'] as const) {
      const { token } = world.acme.people[role];
      expect((await send({ version: 1, name: 'Mine' }, token)).__typename).toBe('ForbiddenError');
    }
  });

  it('takes only time zones that the database knows too, so that no day is ever uncountable', async () => {
    const { rows } = await world.database.owner.query<{ name: string }>('SELECT name FROM pg_timezone_names');
    const known = new Set(rows.map(({ name }) => name));
    const { timeZoneName } = await import('../../src/graphql/time-zone.ts');
    const accepted = Intl.supportedValuesOf('timeZone').filter((name) => timeZoneName.safeParse(name).success);
    expect(accepted.length).toBeGreaterThan(400);
    expect(accepted.filter((name) => !known.has(name))).toEqual([]);
  });
});
