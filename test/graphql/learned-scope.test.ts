import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLearnedScopes } from '../../src/graphql/learned-scope.ts';
import type { Aspect, Asker } from '../../src/graphql/observed-viewer.ts';
import type { Permission, Reach } from '../../src/graphql/viewer.ts';
import { newId, type PersonId, type TenantId } from '../../src/ids.ts';
import { addPerson } from '../support/add-person.ts';
import { createWorld, type World } from '../support/world.ts';

function askerWith(...permissions: [Permission, Reach][]): Asker {
  const tenant = { id: 't', name: 'Acme', slug: 'acme', timeZone: 'Europe/Rome', version: 1 };
  const viewer = { tenantId: 't' as TenantId, personId: newId() as PersonId, tenant, roles: [], siteIds: [] };
  return { viewer: { ...viewer, permissions: new Map(permissions) }, locale: 'en' };
}
const seen = (...aspects: Aspect[]) => new Set(aspects);

describe('the scope of an operation', () => {
  it('is of its own for each kind of viewer: what some depend on does not split what others share', () => {
    const scopes = createLearnedScopes();
    const [manager, member] = [askerWith(['assets:read', 'any']), askerWith(['assets:read', 'own'])];
    scopes.learn('Assets', manager, seen('permission:assets:read'));
    scopes.learn('Assets', member, seen('permission:assets:read', 'person'));
    expect(scopes.of('Assets', manager)).toEqual(['permission:assets:read']);
    expect(scopes.of('Assets', member)).toEqual(['permission:assets:read', 'person']);
    expect(scopes.of('Assets', askerWith())).toEqual(['permission:assets:read']);
    expect(scopes.of('Tickets', member)).toEqual([]);
  });

  it('covers all that a run was seen to look at, also where it was seen to look at another permission than before', () => {
    const scopes = createLearnedScopes();
    const asker = askerWith(['assets:read', 'own'], ['people:read', 'any']);
    scopes.learn('Assets', asker, seen('permission:assets:read', 'person'));
    scopes.learn('Assets', asker, seen('permission:people:read', 'sites'));
    expect(scopes.of('Assets', asker)).toEqual(['permission:assets:read', 'permission:people:read', 'sites']);
    scopes.learn('Assets', asker, seen('permission:assets:read', 'person'));
    expect(scopes.of('Assets', asker)).toEqual(expect.arrayContaining(['permission:assets:read', 'person', 'sites']));
  });
});

describe('over HTTP', () => {
  let world: World;
  beforeAll(async () => void (world = await createWorld()));
  afterAll(() => world.close());

  it('those who may see everything share an answer that others get by who they are', async () => {
    const { admin, agent, member } = world.acme.people;
    const query = 'query Lamps { assets(first: 5) { totalCount edges { node { name } } } }';
    for (const { token } of [member, agent, admin, agent, member]) await world.ask(token, query);
    const other = await addPerson(world.acme, { role: 'admin' });
    const { extensions } = await world.ask(other.token, query);
    expect(extensions?.['cache']).toMatchObject({ status: 'HIT', scope: 'TENANT' });
  });
});
