import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import type { Permission, Reach } from '../../src/graphql/viewer.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId, type PersonId } from '../../src/ids.ts';
import { testTokens, type Person, type TestTenant, type World } from './world.ts';

const selection =
  'id name email username phone title active version site { code } sites { code } teams { name } roles { key }';
const problems =
  '... on Error { message } ... on ConflictError { currentVersion } ... on ValidationError { fields { field message } }';

export interface PersonChange {
  token: string;
  /** Of a mutation whose payload holds a person. */
  mutation: string;
  input: object;
}

/** Sends a mutation of a person; answers its payload or its typed error. */
export async function changePerson(world: World, { token, mutation, input }: PersonChange): Promise<any> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const document = `mutation ($input: ${type}Input!) {
    ${mutation}(input: $input) { __typename ... on ${type}Payload { person { ${selection} } } ${problems} }
  }`;
  const { data, errors } = await world.ask(token, document, { variables: { input } });
  if (errors) throw new Error(`${mutation} failed: ${JSON.stringify(errors)}`);
  return data[mutation];
}

export interface OwnRole {
  key: string;
  grants: [Permission, Reach][];
}

/** Somebody who works at `here` and has one role, made for them. */
export async function addPersonWithRole(tenant: TestTenant, { key, grants }: OwnRole) {
  const [id, roleId] = [newId() as PersonId, newId()];
  await tenant.session.write(async (trx) => {
    await trx.insertInto('roles').values({ id: roleId, key, name: key }).execute();
    const rows = grants.map(([permission, reach]) => ({ role_id: roleId, permission, reach }));
    await trx.insertInto('role_permissions').values(rows).execute();
    const row = { id, name: key, email: `${key}@${tenant.slug}.test`, username: key, site_id: tenant.sites.here };
    await trx.insertInto('people').values(row).execute();
    await trx.insertInto('person_roles').values({ person_id: id, role_id: roleId }).execute();
  });
  const token = await signToken({ tenantId: tenant.id, personId: id }, testTokens, '1h');
  const person: Person = { id, token, globalId: encodeGlobalId('Person', id) };
  return { ...person, roleId: encodeGlobalId('Role', roleId) };
}
