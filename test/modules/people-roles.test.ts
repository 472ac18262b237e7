import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { addPersonWithRole, changePerson, type OwnRole } from '../support/change-person.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World | undefined;
/** Every test changes people and roles, so each has a world of its own. */
beforeEach(async () => {
  await world?.close();
  world = await createWorld();
});
afterAll(() => world?.close());
const here = (): World => world as World;
const change = (token: string, mutation: string, input: object) => changePerson(here(), { token, mutation, input });
const withRole = (key: string, grants: OwnRole['grants']) => addPersonWithRole(here().acme, { key, grants });
const fieldsOf = (answer: any): string[] => answer.fields.map(({ field }: { field: string }) => field);

async function roleIds(...keys: string[]): Promise<string[]> {
  const { data } = await here().ask(here().acme.people.admin.token, '{ roles { id key } }');
  return keys.map((key) => data.roles.find((role: { key: string }) => role.key === key).id);
}

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

  it('takes the administrator role neither from oneself nor from the last', async () => {
    const { admin } = here().acme.people;
    const [managerRole = ''] = await roleIds('manager');
    const self = await change(admin.token, 'setPersonRoles', { id: admin.globalId, roleIds: [managerRole] });
    expect(self).toMatchObject({ __typename: 'ForbiddenError' });
    const assigner = await withRole('assigner', [['roles:assign', 'any']]);
    const last = await change(assigner.token, 'setPersonRoles', { id: admin.globalId, roleIds: [] });
    expect(last).toMatchObject({ __typename: 'ConflictError' });
  });

  it('keeps an administrator when two lose the role at once: the second waits and finds that it is the last', async () => {
    const { admin, manager } = here().acme.people;
    const [adminRole = ''] = await roleIds('admin');
    const assigner = await withRole('assigner', [['roles:assign', 'any']]);
    await change(admin.token, 'setPersonRoles', { id: manager.globalId, roleIds: [adminRole] });
    const { owner } = here().database;
    const other = await owner.connect();
    await other.query('BEGIN');
    await other.query(`SELECT FROM roles WHERE key = 'admin' AND tenant_id = $1 FOR UPDATE`, [here().acme.id]);
    await other.query('DELETE FROM person_roles WHERE person_id = $1', [manager.id]);
    const state = { isAnswered: false };
    const answer = change(assigner.token, 'setPersonRoles', { id: admin.globalId, roleIds: [] }).finally(() => {
      state.isAnswered = true;
    });
    const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    while (!state.isAnswered && (await owner.query(waiting)).rowCount === 0);
    await other.query('COMMIT');
    other.release();
    expect(await answer).toMatchObject({ __typename: 'ConflictError' });
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
