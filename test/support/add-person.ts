import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId, type PersonId } from '../../src/ids.ts';
import { testTokens, type Person, type Role, type TestTenant } from './world.ts';

export interface NewPerson {
  /** @default member */
  role?: Role;
  /** Their home site; null for none. @default the tenant's `here` */
  siteId?: string | null;
  /** Sites beyond it. @default none */
  otherSiteIds?: string[];
}

/** Somebody new, so that a test need not share a person's records with other tests. */
export async function addPerson(tenant: TestTenant, options: NewPerson = {}): Promise<Person> {
  const { role = 'member', siteId = tenant.sites.here, otherSiteIds = [] } = options;
  const id = newId() as PersonId;
  await tenant.session.write(async (trx) => {
    await trx
      .insertInto('people')
      .values({ id, name: `New ${role}`, email: `${id}@${tenant.slug}.test`, username: id, site_id: siteId })
      .execute();
    const { id: roleId } = await trx.selectFrom('roles').select('id').where('key', '=', role).executeTakeFirstOrThrow();
    await trx.insertInto('person_roles').values({ person_id: id, role_id: roleId }).execute();
    for (const other of otherSiteIds) {
      await trx.insertInto('person_sites').values({ person_id: id, site_id: other }).execute();
    }
  });
  const token = await signToken({ tenantId: tenant.id, personId: id }, testTokens, '1h');
  return { id, globalId: encodeGlobalId('Person', id), token };
}

/** Changes what a role may do at this tenant, for example to reach only `sites`. */
export async function grant(tenant: TestTenant, options: { person: Person; permission: string; reach: string }) {
  const roleId = newId();
  await tenant.session.write(async (trx) => {
    await trx
      .insertInto('roles')
      .values({ id: roleId, key: `r${roleId.slice(-12)}`, name: 'Granted' })
      .execute();
    await trx
      .insertInto('role_permissions')
      .values({ role_id: roleId, permission: options.permission as never, reach: options.reach as never })
      .execute();
    await trx.insertInto('person_roles').values({ person_id: options.person.id, role_id: roleId }).execute();
  });
}
