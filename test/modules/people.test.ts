import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { insertFarPerson } from '../support/far-person.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let far: string;

beforeAll(async () => {
  world = await createWorld();
  far = await insertFarPerson(world.acme);
});
afterAll(() => world.close());

const person = /* GraphQL */ `
  query ($id: ID!) {
    person(id: $id) {
      id
      name
      email
      title
      active
      site {
        name
      }
      createdAt
      version
      username
      phone
      sites {
        name
      }
      teams {
        name
      }
      roles {
        key
        name
        description
        permissions
      }
    }
  }
`;
const farId = () => encodeGlobalId('Person', far);
const names = (connection: any): string[] => connection.edges.map((edge: any) => edge.node.name);

describe('a person', () => {
  it('is told in full to those whose people:read reaches them', async () => {
    const { admin, manager } = world.acme.people;
    const { data, errors } = await world.ask(admin.token, person, { variables: { id: manager.globalId } });
    expect(errors).toBeUndefined();
    expect(data.person).toMatchObject({
      id: manager.globalId,
      email: 'manager@acme.test',
      username: 'manager',
      phone: null,
      active: true,
      version: 1,
      site: { name: 'Here' },
      sites: [{ name: 'Here' }, { name: 'Elsewhere' }],
      teams: [],
      roles: [{ key: 'manager', name: 'Manager' }],
    });
  });

  it('is a directory entry to colleagues beyond that, and the rest is null with FORBIDDEN', async () => {
    for (const role of ['agent', 'member'] as const) {
      const { token } = world.acme.people[role];
      const { data, errors } = await world.ask(token, person, { variables: { id: farId() } });
      expect(data.person).toMatchObject({
        name: 'Farrah Faraway',
        email: 'far@acme.test',
        title: 'Driver',
        active: true,
      });
      expect(data.person.site).toEqual({ name: 'Elsewhere' });
      expect(data.person).toMatchObject({ username: null, phone: null, sites: null, teams: null, roles: null });
      const refused = errors?.map(({ path, extensions }) => [path?.at(-1), extensions?.code]);
      expect(refused?.toSorted()).toEqual(
        ['phone', 'roles', 'sites', 'teams', 'username'].map((field) => [field, 'FORBIDDEN']),
      );
    }
  });

  it('sees all of their own record, whatever their role', async () => {
    for (const { token, globalId } of Object.values(world.acme.people)) {
      const { data, errors } = await world.ask(token, person, { variables: { id: globalId } });
      expect(errors).toBeUndefined();
      expect(data.person.roles).toHaveLength(1);
    }
  });

  it('is at hand by node and nodes, in order, with null for a foreign or unknown one', async () => {
    const { acme, globex } = world;
    const ids = [acme.people.agent.globalId, globex.people.agent.globalId, encodeGlobalId('Person', newId()), farId()];
    const { data, errors } = await world.ask(
      acme.people.admin.token,
      'query ($ids: [ID!]!, $id: ID!) { node(id: $id) { id } nodes(ids: $ids) { ... on Person { email } } }',
      { variables: { ids, id: ids[1] } },
    );
    expect(errors).toBeUndefined();
    expect(data).toEqual({ node: null, nodes: [{ email: 'agent@acme.test' }, null, null, { email: 'far@acme.test' }] });
  });

  it('asked for by an id of something else names the argument', async () => {
    const id = encodeGlobalId('Team', world.acme.teamId);
    const { errors } = await world.ask(world.acme.people.admin.token, person, { variables: { id } });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors?.[0]?.message).toContain('id: Send the id of a Person');
  });
});

describe('emergencyContact', () => {
  const secret = 'query ($id: ID!) { person(id: $id) { name emergencyContact } }';

  it('is told to people:sensitive', async () => {
    const { admin, manager, member } = world.acme.people;
    for (const { token } of [admin, manager]) {
      const { data } = await world.ask(token, secret, { variables: { id: member.globalId } });
      expect(data.person.emergencyContact).toBe('secret contact of member');
    }
  });

  it('is null with FORBIDDEN at its path to everybody else, and the rest of the answer stands', async () => {
    const { agent, member } = world.acme.people;
    for (const { token } of [agent, member]) {
      const { data, errors, status } = await world.ask(token, secret, { variables: { id: member.globalId } });
      expect(status).toBe(200);
      expect(data.person).toEqual({ name: 'member of acme', emergencyContact: null });
      expect(errors).toMatchObject([{ path: ['person', 'emergencyContact'], extensions: { code: 'FORBIDDEN' } }]);
    }
  });
});

describe('people', () => {
  const list = /* GraphQL */ `
    query ($first: Int, $after: String, $last: Int, $before: String, $filter: PersonFilter) {
      people(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
          startCursor
        }
        edges {
          node {
            name
          }
        }
      }
    }
  `;
  const ask = async (role: 'admin' | 'manager' | 'agent' | 'member', variables = {}) =>
    (await world.ask(world.acme.people[role].token, list, { variables })).data.people;

  it('lists whom people:read reaches: everybody, own sites, oneself', async () => {
    const everybody = ['admin of acme', 'agent of acme', 'Farrah Faraway', 'manager of acme', 'member of acme'];
    expect(names(await ask('admin')).toSorted()).toEqual(everybody.toSorted());
    expect(names(await ask('manager'))).toHaveLength(5);
    expect(names(await ask('agent')).toSorted()).toEqual(everybody.filter((name) => name.endsWith('acme')));
    expect(await ask('member')).toMatchObject({ totalCount: 1, edges: [{ node: { name: 'member of acme' } }] });
  });

  it('pages by cursor in both directions without losing or repeating anybody', async () => {
    const all = names(await ask('admin'));
    const first = await ask('admin', { first: 2 });
    const second = await ask('admin', { first: 2, after: first.pageInfo.endCursor });
    const third = await ask('admin', { first: 2, after: second.pageInfo.endCursor });
    expect([first, second, third].flatMap(names)).toEqual(all);
    expect([first, second, third].map(({ totalCount }) => totalCount)).toEqual([5, 5, 5]);
    expect([second.pageInfo.hasNextPage, third.pageInfo.hasNextPage]).toEqual([true, false]);
    expect(names(await ask('admin', { last: 2, before: second.pageInfo.startCursor }))).toEqual(names(first));
  });

  it('filters by site, team, role and search, and every filter must hold', async () => {
    const { sites, teamId } = world.acme;
    const filtered = async (filter: object) => names(await ask('admin', { filter }));
    expect(await filtered({ siteId: [encodeGlobalId('Site', sites.elsewhere)] })).toEqual(['Farrah Faraway']);
    expect((await filtered({ teamId: [encodeGlobalId('Team', teamId)] })).toSorted()).toEqual(
      ['Farrah Faraway', 'agent of acme', 'member of acme'].toSorted(),
    );
    expect(await filtered({ roleKey: ['agent', 'manager'] })).toEqual(['agent of acme', 'manager of acme']);
    expect(await filtered({ search: 'FARRAH far@' })).toEqual(['Farrah Faraway']);
    expect(await filtered({ roleKey: ['agent'], search: 'farrah' })).toEqual([]);
    expect(await filtered({ siteId: [] })).toEqual([]);
    expect(await filtered({ active: false })).toEqual([]);
    const { data } = await world.ask(world.acme.people.admin.token, '{ roles { id key } }');
    const { id } = data.roles.find(({ key }: { key: string }) => key === 'admin');
    expect(await filtered({ roleId: [id] })).toEqual(['admin of acme']);
  });

  it('names the part of the filter that is wrong', async () => {
    const { errors } = await world.ask(world.acme.people.admin.token, list, {
      variables: { filter: { teamId: ['x'] } },
    });
    expect(errors?.[0]?.message).toContain('filter.teamId.0');
  });

  it('is closed to whoever sends no token', async () => {
    const { status, errors } = await world.ask(null, '{ people { totalCount } }');
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    expect(status).toBe(401);
  });
});
