import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson } from '../support/add-person.ts';
import { countStatements } from '../support/count-statements.ts';
import { assignShift, hours, shiftFields, siteOf, vacantShift } from '../support/workforce.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

describe('shifts', () => {
  const list = `query ($first: Int, $after: String, $last: Int, $before: String, $filter: ShiftFilter) {
    shifts(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      edges { node ${shiftFields} }
    }
  }`;
  const ask = async (person: Person, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await world.ask(person.token, list, { variables });
    expect(errors).toBeUndefined();
    return data.shifts;
  };

  /** 60 hourly shifts of a new team in March 2026, every third vacant, every second elsewhere. */
  async function addTeam() {
    const teamId = newId();
    const people = await Promise.all(Array.from({ length: 3 }, () => addPerson(world.acme)));
    const { here, elsewhere } = world.acme.sites;
    await world.acme.session.write(async (trx) => {
      await trx.insertInto('teams').values({ id: teamId, name: teamId }).execute();
      await trx
        .insertInto('shifts')
        .values(
          Array.from({ length: 60 }, (_, index) => ({
            id: newId(),
            team_id: teamId,
            site_id: index % 2 ? elsewhere : here,
            person_id: index % 3 ? people[index % 3]!.id : null,
            day: `2026-03-${String(1 + Math.floor(index / 2)).padStart(2, '0')}`,
            starts_at: new Date(Date.UTC(2026, 2, 1 + Math.floor(index / 2), 8)),
            ends_at: new Date(Date.UTC(2026, 2, 1 + Math.floor(index / 2), 9)),
          })),
        )
        .execute();
    });
    return { teamId: [encodeGlobalId('Team', teamId)], people };
  }

  it('pages by start, forwards and backwards, where two begin at once', async () => {
    const { manager } = world.acme.people;
    const { teamId } = await addTeam();
    const all = await ask(manager, { first: 100, filter: { teamId } });
    const ids = all.edges.map(({ node }: any) => node.id);
    const starts = all.edges.map(({ node }: any) => node.startsAt);
    expect(all.totalCount).toBe(60);
    expect(starts).toEqual(starts.toSorted());
    const first = await ask(manager, { first: 25, filter: { teamId } });
    const next = await ask(manager, { first: 35, after: first.pageInfo.endCursor, filter: { teamId } });
    const back = await ask(manager, { last: 25, before: next.pageInfo.startCursor, filter: { teamId } });
    expect([...first.edges, ...next.edges].map(({ node }: any) => node.id)).toEqual(ids);
    expect(back.edges).toEqual(first.edges);
    expect(next.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  it('filters by site, team, person, days and vacancy, together', async () => {
    const { manager } = world.acme.people;
    const { teamId, people } = await addTeam();
    const total = async (filter: object) => (await ask(manager, { filter: { teamId, ...filter } })).totalCount;
    expect(await total({ siteId: [siteOf(world.acme)] })).toBe(30);
    expect(await total({ personId: people.map(({ globalId }) => globalId) })).toBe(40);
    expect(await total({ vacant: true })).toBe(20);
    expect(await total({ vacant: false })).toBe(40);
    expect(await total({ vacant: null, personId: null })).toBe(60);
    expect(await total({ from: '2026-03-30' })).toBe(2);
    expect(await total({ to: '2026-03-01' })).toBe(2);
    expect(await total({ from: '2026-03-02', to: '2026-03-04', vacant: true, siteId: [siteOf(world.acme)] })).toBe(1);
    expect(await total({ siteId: [] })).toBe(0);
  });

  it('shows each role what it reaches', async () => {
    const { admin, agent, member } = world.acme.people;
    const { teamId, people } = await addTeam();
    const total = async (person: Person) => (await ask(person, { filter: { teamId } })).totalCount;
    expect(await total(admin)).toBe(60);
    expect(await total(agent)).toBe(50); // those here, and those elsewhere of people from here
    expect(await total(people[1]!)).toBe(20);
    expect(await total(member)).toBe(0);
    expect(await total(world.globex.people.admin)).toBe(0);
  });

  it('is a node to those who may see it', async () => {
    const { id } = await vacantShift(world, hours(8, 16), 'elsewhere');
    const { admin, agent, member } = world.acme.people;
    const look = async ({ token }: Person) =>
      (await world.ask(token, 'query ($id: ID!) { node(id: $id) { id } }', { variables: { id } })).data.node;
    expect(await look(admin)).toEqual({ id });
    for (const person of [agent, member, world.globex.people.admin]) expect(await look(person)).toBeNull();
    await assignShift(world, admin, { id, version: 1, personId: (await addPerson(world.acme)).globalId });
    expect(await look(agent)).toEqual({ id });
  });

  it('costs 5 statements with the person, site and team of each', async () => {
    const { teamId } = await addTeam();
    const { result, statements } = await countStatements(() =>
      ask(world.acme.people.agent, { first: 50, filter: { teamId } }),
    );
    expect(result.edges).toHaveLength(50);
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(5);
  });

  it('refuses by the name of the field what it cannot answer', async () => {
    for (const [field, variables] of [
      ['filter.to', { filter: { from: '2026-01-02', to: '2026-01-01' } }],
      ['filter.siteId.0', { filter: { siteId: ['x'] } }],
      ['after', { after: Buffer.from(JSON.stringify(['start', 'x', newId()])).toString('base64url') }],
      ['first', { first: -1 }],
    ] as const) {
      const { errors } = await world.ask(world.acme.people.admin.token, list, { variables });
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ field }] } });
    }
  });
});
