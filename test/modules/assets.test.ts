import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { createWorld, type World } from '../support/world.ts';

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
  const { data } = await world.ask(world.globex.people.admin.token, page);
  expect(data.assets.totalCount).toBe(0);
});

it('says which argument is wrong', async () => {
  const { errors, status } = await world.ask(world.acme.people.admin.token, page, { variables: { first: 1000 } });
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  expect(errors?.[0]?.message).toContain('first');
  expect(status).toBe(400);
});
