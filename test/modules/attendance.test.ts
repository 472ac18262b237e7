import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson } from '../support/add-person.ts';
import { countStatements } from '../support/count-statements.ts';
import { addDays } from '../support/workforce.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

let world: World;
/** Home site here, but recorded elsewhere in January; and the other way round. */
let traveller: Person;
let visitor: Person;
let far: Person;

beforeAll(async () => {
  world = await createWorld();
  const { acme, globex } = world;
  const { here, elsewhere } = acme.sites;
  [traveller, visitor, far] = [
    await addPerson(acme),
    await addPerson(acme, { siteId: elsewhere }),
    await addPerson(acme, { siteId: elsewhere }),
  ];
  await addDays(acme, {
    person: traveller,
    siteId: elsewhere,
    days: { '2026-01-05': 'PRESENT', '2026-01-06': 'LATE' },
  });
  await addDays(acme, { person: visitor, siteId: here, days: { '2026-01-05': 'PRESENT' } });
  await addDays(acme, { person: far, siteId: elsewhere, days: { '2026-01-05': 'ABSENT', '2026-01-07': 'ON_LEAVE' } });
  await addDays(acme, {
    person: acme.people.member,
    siteId: here,
    days: { '2026-01-05': 'PRESENT', '2026-01-31': 'PRESENT' },
  });
  await addDays(globex, { person: globex.people.member, siteId: globex.sites.here, days: { '2026-01-05': 'PRESENT' } });
});
afterAll(() => world.close());

const january = { from: '2026-01-01', to: '2026-01-31' };

const list = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $filter: AttendanceFilter!) {
    attendance(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
      totalCount
      pageInfo {
        startCursor
        endCursor
        hasNextPage
        hasPreviousPage
      }
      edges {
        cursor
        node {
          id
          day
          status
          person {
            id
          }
          site {
            id
          }
        }
      }
    }
  }
`;

async function ask(person: Person, filter: object, paging: object = {}) {
  return world.ask(person.token, list, { variables: { filter, ...paging } });
}

async function listed(person: Person, filter: object) {
  const { data } = await ask(person, filter);
  return data.attendance.edges.map(({ node }: any) => `${node.day} ${node.status}`);
}

describe('attendance', () => {
  it('lists a span of days, newest first, both ends included', async () => {
    const { admin } = world.acme.people;
    expect(await listed(admin, { from: '2026-01-06', to: '2026-01-31' })).toEqual([
      '2026-01-31 PRESENT',
      '2026-01-07 ON_LEAVE',
      '2026-01-06 LATE',
    ]);
  });

  it('pages forwards and backwards through days that many share', async () => {
    const { admin } = world.acme.people;
    const whole = (await ask(admin, january)).data.attendance;
    expect(whole).toMatchObject({ totalCount: 7, pageInfo: { hasNextPage: false, hasPreviousPage: false } });
    const ids = whole.edges.map(({ node }: any) => node.id);

    const forwards: string[] = [];
    let after: string | null = null;
    do {
      const page: any = (await ask(admin, january, { first: 2, after })).data.attendance;
      expect(page.totalCount).toBe(7);
      forwards.push(...page.edges.map(({ node }: any) => node.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after);
    expect(forwards).toEqual(ids);

    const backwards: string[] = [];
    let before: string | null = null;
    do {
      const page: any = (await ask(admin, january, { last: 2, before })).data.attendance;
      backwards.unshift(...page.edges.map(({ node }: any) => node.id));
      before = page.pageInfo.hasPreviousPage ? page.pageInfo.startCursor : null;
    } while (before);
    expect(backwards).toEqual(ids);
  });

  it('filters by people, sites and statuses, together', async () => {
    const { admin } = world.acme.people;
    const elsewhere = encodeGlobalId('Site', world.acme.sites.elsewhere);
    expect(await listed(admin, { ...january, personId: [traveller.globalId] })).toHaveLength(2);
    expect(await listed(admin, { ...january, personId: [traveller.globalId, visitor.globalId] })).toHaveLength(3);
    expect(await listed(admin, { ...january, siteId: [elsewhere] })).toHaveLength(4);
    expect(await listed(admin, { ...january, status: ['LATE', 'ABSENT'] })).toHaveLength(2);
    expect(await listed(admin, { ...january, siteId: [elsewhere], status: ['PRESENT'] })).toHaveLength(1);
    expect(await listed(admin, { ...january, personId: [] })).toEqual([]);
  });

  it('shows each role what it reaches: all, by site of the day or of the person, or their own', async () => {
    const { admin, manager, agent, member } = world.acme.people;
    const total = async (person: Person) => (await ask(person, january)).data.attendance.totalCount;
    expect(await total(admin)).toBe(7);
    expect(await total(manager)).toBe(7);
    expect(await total(agent)).toBe(5);
    expect(await listed(agent, { ...january, personId: [far.globalId] })).toEqual([]);
    expect(await listed(agent, { ...january, personId: [traveller.globalId] })).toHaveLength(2);
    expect(await listed(agent, { ...january, personId: [visitor.globalId] })).toHaveLength(1);
    expect(await total(member)).toBe(2);
    expect(await total(world.globex.people.admin)).toBe(1);
  });

  it('refuses by the name of the field what it cannot answer', async () => {
    const { admin } = world.acme.people;
    const wrong: [string, object, object?][] = [
      ['filter.to', { from: '2026-01-02', to: '2026-01-01' }],
      ['filter.to', { from: '2026-01-01', to: '2027-01-02' }],
      ['filter.from', { from: '0000-01-01', to: '0000-01-02' }],
      ['filter.personId.0', { ...january, personId: ['nonsense'] }],
      ['filter.siteId.0', { ...january, siteId: [traveller.globalId] }],
      ['first', january, { first: 101 }],
      ['after', january, { after: Buffer.from(JSON.stringify(['day', 'x', newId()])).toString('base64url') }],
      ['after', january, { after: 'nonsense' }],
    ];
    for (const [field, filter, paging] of wrong) {
      const { errors, status } = await ask(admin, filter, paging);
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(errors?.[0]?.message).toMatch(new RegExp(`^${field}: `));
      expect(status).toBe(400);
    }
    const wholeLeapYear = await ask(admin, { from: '2032-01-01', to: '2032-12-31' });
    expect(wholeLeapYear.data.attendance.totalCount).toBe(0);
  });

  it('loads the people and sites of a page with one statement each', async () => {
    const { result, statements } = await countStatements(() => ask(world.acme.people.admin, january, { first: 100 }));
    expect(result.data.attendance.edges).toHaveLength(7);
    expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(4);
  });

  it('is a node to those who may see it', async () => {
    const { admin, agent, member } = world.acme.people;
    const { data } = await ask(admin, { ...january, personId: [far.globalId] });
    const { id } = data.attendance.edges[0].node;
    const look = async ({ token }: Person) =>
      (await world.ask(token, 'query ($id: ID!) { node(id: $id) { id } }', { variables: { id } })).data.node;
    expect(await look(admin)).toEqual({ id });
    expect(await look(far)).toEqual({ id });
    for (const person of [agent, member, world.globex.people.admin]) expect(await look(person)).toBeNull();
  });
});
