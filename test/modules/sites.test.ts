import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { createWorld, type Role, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

it.each<Role>(['admin', 'manager', 'agent', 'member'])(
  'shows every site of the tenant to %s, by name',
  async (role) => {
    const { data } = await world.ask(world.acme.people[role].token, '{ sites { id name code address active } }');
    const { here, elsewhere } = world.acme.sites;
    expect(data.sites).toEqual([
      { id: encodeGlobalId('Site', elsewhere), name: 'Elsewhere', code: 'ELSE', address: null, active: true },
      { id: encodeGlobalId('Site', here), name: 'Here', code: 'HERE', address: null, active: true },
    ]);
  },
);

it('finds a site by its id, and none of another tenant', async () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Site { name } } }';
  const ids = [world.globex.sites.here, world.acme.sites.here].map((id) => encodeGlobalId('Site', id));
  const { data } = await world.ask(world.acme.people.member.token, query, { variables: { ids } });
  expect(data.nodes).toEqual([null, { name: 'Here' }]);
});

it('shows none without a token', async () => {
  const { errors } = await world.ask(null, '{ sites { name } }');
  expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
});
