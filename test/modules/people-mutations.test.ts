import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import type { Permission, Reach } from '../../src/graphql/viewer.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId, type PersonId } from '../../src/ids.ts';
import { createWorld, testTokens, type Person, type World } from '../support/world.ts';

let world: World | undefined;
/** Every test changes people and roles, so each has a world of its own. */
beforeEach(async () => {
  await world?.close();
  world = await createWorld();
});
afterAll(() => world?.close());
const here = (): World => world as World;

const entity =
  'id name email username phone title active version site { code } sites { code } teams { name } roles { key }';
const problems =
  '... on Error { message } ... on ConflictError { currentVersion } ... on ValidationError { fields { field message } }';

async function change(token: string, name: string, input: object, selection = entity) {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}`;
  const mutation = `mutation ($input: ${type}Input!) {
    ${name}(input: $input) { __typename ... on ${type}Payload { person { ${selection} } } ${problems} }
  }`;
  const { data, errors } = await here().ask(token, mutation, { variables: { input } });
  expect(errors).toBeUndefined();
  return data[name];
}

const site = (which: 'here' | 'elsewhere') => encodeGlobalId('Site', here().acme.sites[which]);
const fieldsOf = (answer: any): string[] => answer.fields.map(({ field }: { field: string }) => field);

/** A person with one role of their own making. */
async function withRole(key: string, grants: [Permission, Reach][]): Promise<Person & { roleId: string }> {
  const { acme } = here();
  const [id, roleId] = [newId() as PersonId, newId()];
  await acme.session.write(async (trx) => {
    await trx.insertInto('roles').values({ id: roleId, key, name: key }).execute();
    const rows = grants.map(([permission, reach]) => ({ role_id: roleId, permission, reach }));
    await trx.insertInto('role_permissions').values(rows).execute();
    const row = { id, name: key, email: `${key}@acme.test`, username: key, site_id: acme.sites.here };
    await trx.insertInto('people').values(row).execute();
    await trx.insertInto('person_roles').values({ person_id: id, role_id: roleId }).execute();
  });
  const token = await signToken({ tenantId: acme.id, personId: id }, testTokens, '1h');
  return { id, token, globalId: encodeGlobalId('Person', id), roleId: encodeGlobalId('Role', roleId) };
}

async function roleIds(...keys: string[]): Promise<string[]> {
  const { data } = await here().ask(here().acme.people.admin.token, '{ roles { id key } }');
  return keys.map((key) => data.roles.find((role: { key: string }) => role.key === key).id);
}

describe('createPerson', () => {
  it('adds somebody with sites and teams; the e-mail is kept in lower case and gives the username', async () => {
    const { acme } = here();
    const { person } = await change(acme.people.manager.token, 'createPerson', {
      name: '  Ada Lovelace ',
      email: 'Ada.Lovelace@Acme.TEST',
      phone: '+44 20',
      title: 'Engineer',
      emergencyContact: 'Byron',
      siteId: site('here'),
      siteIds: [site('elsewhere'), site('elsewhere')],
      teamIds: [encodeGlobalId('Team', acme.teamId)],
    });
    expect(person).toMatchObject({
      name: 'Ada Lovelace',
      email: 'ada.lovelace@acme.test',
      username: 'ada.lovelace',
      phone: '+44 20',
      title: 'Engineer',
      active: true,
      version: 1,
      site: { code: 'HERE' },
      sites: [{ code: 'HERE' }, { code: 'ELSE' }],
      teams: [{ name: 'Service desk' }],
      roles: [],
    });
  });

  it('takes the whole address as username where somebody has the part before the @', async () => {
    const { admin } = here().acme.people;
    const { person } = await change(admin.token, 'createPerson', { name: 'Other', email: 'agent@elsewhere.test' });
    expect(person.username).toBe('agent@elsewhere.test');
  });

  it('refuses an e-mail or username that somebody has, in whatever case', async () => {
    const { admin } = here().acme.people;
    const email = await change(admin.token, 'createPerson', { name: 'Twin', email: 'AGENT@acme.test', username: 'x' });
    expect(email).toMatchObject({ __typename: 'ConflictError', currentVersion: null });
    expect(email.message).toContain('e-mail');
    const username = await change(admin.token, 'createPerson', {
      name: 'Twin',
      email: 't@acme.test',
      username: 'agent',
    });
    expect(username.__typename).toBe('ConflictError');
    expect(username.message).toContain('username');
    const globex = await change(here().globex.people.admin.token, 'createPerson', {
      name: 'Twin',
      email: 'agent@acme.test',
    });
    expect(globex.__typename).toBe('CreatePersonPayload');
  });

  it('names every field that is wrong, also ids of another tenant', async () => {
    const { acme, globex } = here();
    const { token } = acme.people.admin;
    const bad = { name: ' ', email: 'nobody', phone: '', siteId: 'x', teamIds: [site('here')] };
    expect(fieldsOf(await change(token, 'createPerson', bad))).toEqual([
      'name',
      'email',
      'phone',
      'siteId',
      'teamIds.0',
    ]);
    const foreign = {
      name: 'Spy',
      email: 'spy@acme.test',
      siteId: encodeGlobalId('Site', globex.sites.here),
      siteIds: [site('here'), encodeGlobalId('Site', globex.sites.elsewhere)],
      teamIds: [encodeGlobalId('Team', globex.teamId)],
    };
    expect(fieldsOf(await change(token, 'createPerson', foreign))).toEqual(['siteId', 'siteIds.1', 'teamIds.0']);
  });

  it('is refused to those without people:write, and elsewhere to those who have it at their own sites', async () => {
    const { agent, member } = here().acme.people;
    for (const { token } of [agent, member]) {
      const answer = await change(token, 'createPerson', { name: 'N', email: 'n@acme.test' });
      expect(answer.__typename).toBe('ForbiddenError');
    }
    const local = await withRole('local', [
      ['people:write', 'sites'],
      ['people:read', 'sites'],
    ]);
    const input = { name: 'N', email: 'n@acme.test' };
    const attempt = async (places: object) =>
      (await change(local.token, 'createPerson', { ...input, ...places })).__typename;
    expect(await attempt({})).toBe('ForbiddenError');
    expect(await attempt({ siteId: site('elsewhere') })).toBe('ForbiddenError');
    expect(await attempt({ siteId: site('here'), siteIds: [site('elsewhere')] })).toBe('ForbiddenError');
    expect(await attempt({ siteId: site('here'), emergencyContact: 'x' })).toBe('ForbiddenError');
    expect(await attempt({ siteId: site('here') })).toBe('CreatePersonPayload');
  });
});

describe('updatePerson', () => {
  it('changes what is sent, empties what is null, leaves the rest, and counts the version up', async () => {
    const { acme } = here();
    const { admin, agent } = acme.people;
    const first = await change(admin.token, 'updatePerson', {
      id: agent.globalId,
      version: 1,
      title: 'Lead',
      phone: '1',
      teamIds: [encodeGlobalId('Team', acme.teamId)],
    });
    expect(first.person).toMatchObject({ title: 'Lead', phone: '1', version: 2, teams: [{ name: 'Service desk' }] });
    const second = await change(admin.token, 'updatePerson', {
      id: agent.globalId,
      version: 2,
      phone: null,
      siteId: null,
    });
    expect(second.person).toMatchObject({ title: 'Lead', phone: null, site: null, version: 3 });
    expect(second.person.teams).toHaveLength(1);
    const third = await change(admin.token, 'updatePerson', { id: agent.globalId, version: 3, teamIds: [] });
    expect(third.person).toMatchObject({ teams: [], name: 'agent of acme', email: 'agent@acme.test' });
  });

  it('refuses a version that somebody has changed since, and tells the one there is', async () => {
    const { admin, agent } = here().acme.people;
    const input = { id: agent.globalId, version: 1, title: 'One' };
    const answers = await Promise.all([1, 2].map(() => change(admin.token, 'updatePerson', input)));
    expect(answers.map(({ __typename }) => __typename).toSorted()).toEqual(['ConflictError', 'UpdatePersonPayload']);
    expect(answers.find(({ __typename }) => __typename === 'ConflictError').currentVersion).toBe(2);
  });

  it('answers NotFoundError for an unknown person and for one of another tenant, and changes nobody', async () => {
    const { acme, globex } = here();
    for (const id of [globex.people.agent.globalId, encodeGlobalId('Person', newId())]) {
      const answer = await change(acme.people.admin.token, 'updatePerson', { id, version: 1, name: 'Hacked' });
      expect(answer).toMatchObject({ __typename: 'NotFoundError', message: 'The person was not found.' });
    }
    const { rows } = await here().database.owner.query(`SELECT name FROM people WHERE name = 'Hacked'`);
    expect(rows).toEqual([]);
  });

  it('lets nobody widen their own reach: sites beyond it are refused', async () => {
    const local = await withRole('local', [
      ['people:write', 'sites'],
      ['people:read', 'sites'],
    ]);
    const self = await withRole('self', [['people:write', 'own']]);
    const attempt = async (who: Person, places: object) =>
      (await change(who.token, 'updatePerson', { id: who.globalId, version: 1, ...places })).__typename;
    expect(await attempt(local, { siteIds: [site('elsewhere')] })).toBe('ForbiddenError');
    expect(await attempt(local, { siteId: site('elsewhere') })).toBe('ForbiddenError');
    expect(await attempt(local, { siteId: null })).toBe('ForbiddenError');
    expect(await attempt(self, { siteIds: [site('here')] })).toBe('ForbiddenError');
    expect(await attempt(self, { siteId: site('here'), phone: '2' })).toBe('UpdatePersonPayload');
    const { agent } = here().acme.people;
    const other = await change(self.token, 'updatePerson', { id: agent.globalId, version: 1, phone: '2' });
    expect(other.__typename).toBe('ForbiddenError');
  });

  it('refuses a taken e-mail, and a site that is not in use', async () => {
    const { acme } = here();
    const { admin, agent } = acme.people;
    await acme.session.write((trx) =>
      trx.updateTable('sites').set({ active: false }).where('id', '=', acme.sites.elsewhere).execute(),
    );
    const input = { id: agent.globalId, version: 1 };
    const taken = await change(admin.token, 'updatePerson', { ...input, email: 'ADMIN@acme.test' });
    expect(taken.__typename).toBe('ConflictError');
    expect(fieldsOf(await change(admin.token, 'updatePerson', { ...input, siteId: site('elsewhere') }))).toEqual([
      'siteId',
    ]);
  });
});

describe('deactivatePerson', () => {
  const whoami = '{ viewer { person { email } } }';

  it('shuts a person out at their next request, and updatePerson lets them in again', async () => {
    const { manager, agent } = here().acme.people;
    expect((await here().ask(agent.token, whoami)).status).toBe(200);
    const { person } = await change(manager.token, 'deactivatePerson', { id: agent.globalId, version: 1 });
    expect(person).toMatchObject({ active: false, version: 2 });
    const refused = await here().ask(agent.token, whoami);
    expect(refused.status).toBe(401);
    expect(refused.errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
    const again = await change(manager.token, 'deactivatePerson', { id: agent.globalId });
    expect(again.person.version).toBe(2);
    await change(manager.token, 'updatePerson', { id: agent.globalId, version: 2, active: true });
    expect((await here().ask(agent.token, whoami)).status).toBe(200);
  });

  it('is refused for oneself and for the last administrator', async () => {
    const { admin, manager } = here().acme.people;
    const self = await change(manager.token, 'deactivatePerson', { id: manager.globalId });
    expect(self).toMatchObject({ __typename: 'ForbiddenError' });
    expect(self.message).toContain('yourself');
    const last = await change(manager.token, 'deactivatePerson', { id: admin.globalId });
    expect(last).toMatchObject({ __typename: 'ConflictError' });
    expect(last.message).toContain('last administrator');
    await change(admin.token, 'setPersonRoles', { id: manager.globalId, roleIds: await roleIds('admin', 'manager') });
    const other = await change(manager.token, 'deactivatePerson', { id: admin.globalId });
    expect(other.person.active).toBe(false);
  });

  it('is refused to those without people:write, for a stale version and for another tenant', async () => {
    const { acme, globex } = here();
    const { admin, agent, member } = acme.people;
    const attempt = async (token: string, input: object) => (await change(token, 'deactivatePerson', input)).__typename;
    expect(await attempt(agent.token, { id: member.globalId })).toBe('ForbiddenError');
    expect(await attempt(admin.token, { id: member.globalId, version: 7 })).toBe('ConflictError');
    expect(await attempt(admin.token, { id: globex.people.member.globalId })).toBe('NotFoundError');
  });
});

describe('setPersonRoles', () => {
  it('takes effect at the next request of that person, both giving and taking away', async () => {
    const { admin, agent } = here().acme.people;
    const rights = async () => {
      const { data } = await here().ask(agent.token, '{ viewer { permissions roles { key } } }');
      return { roles: data.viewer.roles.map(({ key }: { key: string }) => key), permissions: data.viewer.permissions };
    };
    expect(await rights()).toMatchObject({ roles: ['agent'] });
    const [agentRole, manager] = await roleIds('agent', 'manager');
    await change(admin.token, 'setPersonRoles', { id: agent.globalId, roleIds: [agentRole, manager] });
    const both = await rights();
    expect(both.roles).toEqual(['agent', 'manager']);
    expect(both.permissions).toContain('tickets:read');
    const { person } = await change(admin.token, 'setPersonRoles', { id: agent.globalId, roleIds: [] });
    expect(person.roles).toEqual([]);
    expect(await rights()).toEqual({ roles: [], permissions: [] });
    const { errors } = await here().ask(agent.token, '{ people { totalCount } }');
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  it('lets nobody give more than they may themselves, to others or to themselves', async () => {
    const { member } = here().acme.people;
    const lead = await withRole('lead', [
      ['roles:assign', 'any'],
      ['people:read', 'any'],
      ['tickets:read', 'sites'],
      ['tickets:write', 'sites'],
      ['attendance:read', 'own'],
      ['attendance:write', 'own'],
      ['rota:read', 'own'],
      ['leave:request', 'own'],
      ['assets:read', 'own'],
    ]);
    const [admin, agent, memberRole] = await roleIds('admin', 'agent', 'member');
    const give = (id: string, ...ids: (string | undefined)[]) =>
      change(lead.token, 'setPersonRoles', { id, roleIds: ids });
    for (const [id, role] of [
      [member.globalId, admin],
      [lead.globalId, admin],
      [member.globalId, agent],
    ] as const) {
      const answer = await give(id, role);
      expect(answer.__typename).toBe('ForbiddenError');
      expect(answer.message).toMatch(/allows ".+", which you may not do/);
    }
    expect((await give(lead.globalId, lead.roleId, memberRole)).person.roles).toHaveLength(2);
    // What somebody has already may stay, whoever sets the rest.
    expect((await give(here().acme.people.agent.globalId, agent, memberRole)).person.roles).toHaveLength(2);
  });

  it('keeps an administrator: not from oneself, not from the last, not even two at once', async () => {
    const { admin, manager } = here().acme.people;
    const [adminRole = '', managerRole = ''] = await roleIds('admin', 'manager');
    const self = await change(admin.token, 'setPersonRoles', { id: admin.globalId, roleIds: [managerRole] });
    expect(self).toMatchObject({ __typename: 'ForbiddenError' });
    const assigner = await withRole('assigner', [['roles:assign', 'any']]);
    const last = await change(assigner.token, 'setPersonRoles', { id: admin.globalId, roleIds: [] });
    expect(last).toMatchObject({ __typename: 'ConflictError' });
    await change(admin.token, 'setPersonRoles', { id: manager.globalId, roleIds: [adminRole] });
    const answers = await Promise.all([
      change(admin.token, 'setPersonRoles', { id: manager.globalId, roleIds: [] }),
      change(manager.token, 'setPersonRoles', { id: admin.globalId, roleIds: [] }),
    ]);
    const { rows } = await here().database.owner.query(
      `SELECT count(*) FROM person_roles JOIN roles ON id = role_id
        WHERE key = 'admin' AND roles.tenant_id = '${here().acme.id}'`,
    );
    expect(answers.map(({ __typename }) => __typename)).toContain('SetPersonRolesPayload');
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('is refused without roles:assign, for a stale version, for roles and people of another tenant', async () => {
    const { acme, globex } = here();
    const { admin, manager, agent } = acme.people;
    const [agentRole] = await roleIds('agent');
    const { data } = await here().ask(globex.people.admin.token, '{ roles { id } }');
    const set = (token: string, input: object) => change(token, 'setPersonRoles', { roleIds: [agentRole], ...input });
    expect((await set(manager.token, { id: agent.globalId })).__typename).toBe('ForbiddenError');
    expect((await set(admin.token, { id: agent.globalId, version: 9 })).currentVersion).toBe(1);
    expect((await set(admin.token, { id: globex.people.agent.globalId })).__typename).toBe('NotFoundError');
    const foreign = await set(admin.token, { id: agent.globalId, roleIds: [agentRole, data.roles[0].id] });
    expect(fieldsOf(foreign)).toEqual(['roleIds.1']);
  });
});
