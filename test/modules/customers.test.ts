import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { insertTickets } from '../support/tickets.ts';
import { createWorld, type Role, type World } from '../support/world.ts';

const names = ['Ada', 'Bob 100%', 'Cyd', 'Dan', 'Eve'];
const ids = names.map(newId);

let world: World;
beforeAll(async () => {
  world = await createWorld();
  const { acme } = world;
  await acme.session.write((trx) =>
    trx
      .insertInto('customers')
      .values(names.map((name, index) => ({ id: ids[index] ?? '', name, email: `${index}@customer.test` })))
      .execute(),
  );
  await insertTickets(acme, [{ customer_id: ids[0] ?? '', reporter_id: acme.people.member.id }]);
});
afterAll(() => world.close());

const list = /* GraphQL */ `
  query ($first: Int, $after: String, $search: String) {
    customers(first: $first, after: $after, search: $search) {
      totalCount
      pageInfo {
        endCursor
        hasNextPage
      }
      edges {
        node {
          name
          email
        }
      }
    }
  }
`;
const ask = async (role: Role, variables: object = {}) =>
  world.ask(world.acme.people[role].token, list, { variables: variables as Record<string, unknown> });
const found = ({ data }: { data: any }) => data.customers.edges.map((edge: any) => edge.node.name);

describe('customers', () => {
  it('lists them by name, a page at a time', async () => {
    const first = await ask('agent', { first: 3 });
    expect(found(first)).toEqual(names.slice(0, 3));
    expect(first.data.customers).toMatchObject({ totalCount: 5, pageInfo: { hasNextPage: true } });
    const second = await ask('agent', { first: 3, after: first.data.customers.pageInfo.endCursor });
    expect(found(second)).toEqual(names.slice(3));
    expect(second.data.customers.pageInfo.hasNextPage).toBe(false);
  });

  it.each([
    ['ADA', ['Ada']],
    ['3@customer', ['Dan']],
    ['100%', ['Bob 100%']],
    ['_', []],
  ])('searches for "%s"', async (search, expected) => {
    expect(found(await ask('manager', { search }))).toEqual(expected);
  });

  it('refuses those who see their own tickets only', async () => {
    expect((await ask('member')).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  it('shows nothing of another tenant', async () => {
    const { data } = await world.ask(world.globex.people.admin.token, list);
    expect(data.customers).toMatchObject({ totalCount: 0, edges: [] });
  });
});

it('finds a customer as a node where the viewer sees them, and nobody else', async () => {
  const node = async (token: string, index: number) => {
    const variables = { id: encodeGlobalId('Customer', ids[index] ?? '') };
    const query = 'query ($id: ID!) { node(id: $id) { ... on Customer { name } } }';
    return (await world.ask(token, query, { variables })).data.node;
  };
  const { member, agent } = world.acme.people;
  expect(await node(agent.token, 1)).toEqual({ name: 'Bob 100%' });
  expect(await node(member.token, 0)).toEqual({ name: 'Ada' });
  expect(await node(member.token, 1)).toBeNull();
  expect(await node(world.globex.people.admin.token, 0)).toBeNull();
});
