import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertFarPerson } from '../support/far-person.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await insertFarPerson(world.acme);
});
afterAll(() => world.close());

const names = (connection: any): string[] => connection.edges.map((edge: any) => edge.node.name);

describe('teams and roles', () => {
  const teams = '{ teams { name description members { totalCount edges { node { name } } } } }';

  it('list the members of a team whom people:read reaches', async () => {
    const members = async (role: 'admin' | 'agent' | 'member') => {
      const { data, errors } = await world.ask(world.acme.people[role].token, teams);
      expect(errors).toBeUndefined();
      const [team] = data.teams;
      expect(team.members.totalCount).toBe(team.members.edges.length);
      return names(team.members);
    };
    expect(await members('admin')).toHaveLength(3);
    expect(await members('agent')).toEqual(['agent of acme', 'member of acme']);
    expect(await members('member')).toEqual(['member of acme']);
  });

  it('cost the same number of statements however many teams there are', async () => {
    const { globex } = world;
    const cost = async () =>
      (await countStatements(() => world.ask(globex.people.admin.token, teams))).forAnswer.length;
    const one = await cost();
    await globex.session.write((trx) =>
      trx
        .insertInto('teams')
        .values(['A', 'B', 'C', 'D'].map((name) => ({ id: newId(), name })))
        .execute(),
    );
    expect(await cost()).toBe(one);
  });

  it('say what a role allows and how far', async () => {
    const { data } = await world.ask(world.acme.people.member.token, '{ roles { key permissions } }');
    const permissions = Object.fromEntries(data.roles.map((role: any) => [role.key, role.permissions]));
    expect(Object.keys(permissions)).toEqual(['admin', 'agent', 'manager', 'member']);
    expect(permissions.admin).toContain('cache:manage');
    expect(permissions.agent).toContain('tickets:read:sites');
    expect(permissions.member).toContain('tickets:read:own');
    expect(permissions.agent).toEqual(permissions.agent.map(String).toSorted());
  });

  it('list a hundred people with site, teams and roles in as many statements as one', async () => {
    const query =
      '{ people(first: 100) { edges { node { site { name } sites { name } teams { name } roles { key } } } } }';
    const { statements } = await countStatements(() => world.ask(world.acme.people.admin.token, query));
    expect(statements.length).toBeLessThanOrEqual(4); // viewer, people, memberships, sites
  });
});
