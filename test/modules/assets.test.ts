import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { createWorld, type Role, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.acme.session.write(async (trx) => {
    const names = ['anvil', 'bolt', 'crane', 'drill', 'engine'];
    await trx
      .insertInto('assets')
      .values(names.map((name) => ({ id: newId(), name, tag: name, site_id: world.acme.sites.here })))
      .execute();
  });
});
afterAll(() => world.close());

const page = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String) {
    assets(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      pageInfo {
        startCursor
        endCursor
        hasNextPage
        hasPreviousPage
      }
      edges {
        node {
          name
          site {
            name
          }
        }
      }
    }
  }
`;

it('pages forwards and backwards by cursor, with the total on every page', async () => {
  const { admin } = world.acme.people;
  const names = (answer: any) => answer.data.assets.edges.map((edge: any) => edge.node.name);
  const first = await world.ask(admin.token, page, { variables: { first: 2 } });
  expect(names(first)).toEqual(['anvil', 'bolt']);
  expect(first.data.assets.totalCount).toBe(5);
  const second = await world.ask(admin.token, page, {
    variables: { first: 2, after: first.data.assets.pageInfo.endCursor },
  });
  expect(names(second)).toEqual(['crane', 'drill']);
  expect(second.data.assets.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  const back = await world.ask(admin.token, page, {
    variables: { last: 2, before: second.data.assets.pageInfo.startCursor },
  });
  expect(names(back)).toEqual(['anvil', 'bolt']);
  const beyond = await world.ask(admin.token, page, {
    variables: {
      first: 2,
      after: (await world.ask(admin.token, page, { variables: { last: 1 } })).data.assets.pageInfo.endCursor,
    },
  });
  expect(beyond.data.assets).toMatchObject({ totalCount: 5, edges: [] });
});

it('shows nothing of another tenant', async () => {
  const { data } = await world.ask(world.globex.people.admin.token, page, { variables: { first: 100 } });
  const names = data.assets.edges.map((edge: any) => edge.node.name);
  for (const name of ['anvil', 'bolt', 'crane', 'drill', 'engine']) expect(names).not.toContain(name);
});

it('says which argument is wrong', async () => {
  const { errors, status } = await world.ask(world.acme.people.admin.token, page, { variables: { first: 1000 } });
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  expect(errors?.[0]?.message).toContain('first');
  expect(status).toBe(400);
});

describe('what a list of assets shows', () => {
  const find = /* GraphQL */ `
    query ($search: String, $filter: AssetFilter) {
      assets(search: $search, filter: $filter) {
        edges {
          node {
            id
            name
          }
        }
      }
    }
  `;
  const rows = {
    cart: { name: 'zz Cart 50%_off', tag: 'F-100', serial_number: null },
    camera: { name: 'zz Camera', tag: 'F-101', serial_number: 'cam\\9' },
    printer: { name: 'zz Printer', tag: 'F-200', serial_number: 'SER 77' },
  };
  const ids = { cart: newId(), camera: newId(), printer: newId() };
  beforeAll(async () => {
    const { people, sites, session } = world.globex;
    await session.write((trx) =>
      trx
        .insertInto('assets')
        .values([
          { id: ids.cart, ...rows.cart, site_id: sites.elsewhere, status: 'LOST' },
          { id: ids.camera, ...rows.camera, site_id: sites.elsewhere, holder_id: people.member.id },
          { id: ids.printer, ...rows.printer, site_id: sites.here, status: 'IN_REPAIR' },
        ])
        .execute(),
    );
  });

  const found = async (role: Role, variables: object) => {
    const { data } = await world.ask(world.globex.people[role].token, find, { variables: { ...variables } });
    return data.assets.edges.map((edge: any) => edge.node.name.split(' ')[1]);
  };

  it.each([
    ['CAM', ['Camera']],
    ['f-10', ['Camera', 'Cart']],
    ['f-10 cart', ['Cart']],
    ['77 printer', ['Printer']],
    ['50%_', ['Cart']],
    ['F_1', []],
    ['%', ['Cart']],
    ['cam\\9', ['Camera']],
    ['', ['Camera', 'Cart', 'Printer']],
    ['nothing', []],
  ])('finds %j in name, tag and serial number', async (search, names) => {
    expect(await found('admin', { search })).toEqual(names);
  });

  it('filters by status, site and holder, and by an empty list finds none', async () => {
    const { people, sites } = world.globex;
    expect(await found('admin', { filter: { status: ['LOST', 'IN_REPAIR'] } })).toEqual(['Cart', 'Printer']);
    expect(await found('admin', { filter: { siteId: [encodeGlobalId('Site', sites.here)] } })).toEqual(['Printer']);
    expect(await found('admin', { filter: { holderId: [people.member.globalId] } })).toEqual(['Camera']);
    expect(await found('admin', { filter: { status: [] } })).toEqual([]);
  });

  it('shows agents their own sites, and members what they hold', async () => {
    expect(await found('agent', {})).toEqual(['Printer']);
    expect(await found('member', {})).toEqual(['Camera']);
    expect(await found('member', { search: 'printer' })).toEqual([]);
  });

  it('finds by id only what a list would show', async () => {
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Asset { name } } }';
    const variables = { ids: Object.values(ids).map((id) => encodeGlobalId('Asset', id)) };
    const names = async (token: string) => (await world.ask(token, query, { variables })).data.nodes;
    const { agent, member } = world.globex.people;
    expect(await names(agent.token)).toEqual([null, null, { name: 'zz Printer' }]);
    expect(await names(member.token)).toEqual([null, { name: 'zz Camera' }, null]);
    expect(await names(world.acme.people.admin.token)).toEqual([null, null, null]);
  });
});
