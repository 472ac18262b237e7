import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPersonWithRole, changePerson, type OwnRole } from '../support/change-person.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

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
const site = (which: 'here' | 'elsewhere') => encodeGlobalId('Site', here().acme.sites[which]);

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
    expect(answers.map(({ __typename }) => String(__typename)).toSorted()).toEqual([
      'ConflictError',
      'UpdatePersonPayload',
    ]);
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
