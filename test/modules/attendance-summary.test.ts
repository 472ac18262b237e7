import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson } from '../support/add-person.ts';
import { countStatements } from '../support/count-statements.ts';
import { addDays, setTimeZone } from '../support/workforce.ts';
import { createWorld, testNow, type Person, type World } from '../support/world.ts';

let world: World;
let now = testNow;
/** At home here, and recorded elsewhere; and somebody who has nothing to do with here. */
let traveller: Person;
let far: Person;
beforeAll(async () => {
  world = await createWorld({ now: () => now });
  const { elsewhere } = world.acme.sites;
  [traveller, far] = [await addPerson(world.acme), await addPerson(world.acme, { siteId: elsewhere })];
  const days = { '2026-01-05': 'PRESENT', '2026-01-06': 'LATE' };
  for (const person of [traveller, far]) await addDays(world.acme, { person, siteId: elsewhere, days });
});
afterAll(() => world.close());

describe('attendanceSummary', () => {
  const summary = /* GraphQL */ `
    query ($personId: ID, $year: Int!, $month: Int!) {
      attendanceSummary(personId: $personId, year: $year, month: $month) {
        year
        month
        present
        late
        absent
        onLeave
        workedMinutes
        rate
      }
    }
  `;
  const summarize = (person: Person, variables: Record<string, unknown>) =>
    world.ask(person.token, summary, { variables });

  it('counts one calendar month of a person, and who is asked about nobody gets their own', async () => {
    const person = await addPerson(world.acme);
    await addDays(world.acme, {
      person,
      days: {
        '2028-01-31': 'PRESENT',
        '2028-02-01': 'PRESENT',
        '2028-02-02': 'LATE',
        '2028-02-03': 'ABSENT',
        '2028-02-04': 'ON_LEAVE',
        '2028-02-29': 'PRESENT',
        '2028-03-01': 'ABSENT',
      },
    });
    const expected = {
      year: 2028,
      month: 2,
      present: 2,
      late: 1,
      absent: 1,
      onLeave: 1,
      workedMinutes: 1020,
      rate: 0.75,
    };
    const february = { year: 2028, month: 2 };
    expect((await summarize(person, february)).data.attendanceSummary).toEqual(expected);
    const asked = await summarize(world.acme.people.manager, { ...february, personId: person.globalId });
    expect(asked.data.attendanceSummary).toEqual(expected);
    const december = (await summarize(person, { year: 2028, month: 12 })).data.attendanceSummary;
    expect(december).toMatchObject({ present: 0, workedMinutes: 0, rate: null });
  });

  it('is null for people out of reach, of another tenant or nowhere', async () => {
    const { agent, member } = world.acme.people;
    const month = { year: 2026, month: 1 };
    const foreign = world.globex.people.member.globalId;
    const nowhere = encodeGlobalId('Person', newId());
    for (const [viewer, personId] of [
      [agent, far.globalId],
      [member, traveller.globalId],
      [agent, foreign],
      [member, nowhere],
    ] as const) {
      const { data, errors } = await summarize(viewer, { ...month, personId });
      expect({ data, errors }).toEqual({ data: { attendanceSummary: null }, errors: undefined });
    }
    expect((await summarize(agent, { ...month, personId: traveller.globalId })).data.attendanceSummary).toMatchObject({
      present: 1,
      late: 1,
    });
  });

  it('refuses months and years that do not exist', async () => {
    const { member } = world.acme.people;
    for (const [field, variables] of [
      ['month', { year: 2026, month: 0 }],
      ['month', { year: 2026, month: 13 }],
      ['year', { year: 0, month: 1 }],
      ['personId', { year: 2026, month: 1, personId: 'x' }],
    ] as const) {
      const { errors } = await summarize(member, variables);
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ field }] } });
    }
  });

  it('costs one statement', async () => {
    const { forAnswer } = await countStatements(() => summarize(world.acme.people.member, { year: 2026, month: 1 }));
    expect(forAnswer.length, forAnswer.join('\n')).toBe(1);
  });
});

describe('recentAttendance', () => {
  const recent = 'query ($personId: ID, $days: Int) { recentAttendance(personId: $personId, days: $days) { day } }';
  const days = async (person: Person, variables: Record<string, unknown> = {}) => {
    const { data } = await world.ask(person.token, recent, { variables });
    return data.recentAttendance.map((row: { day: string }) => row.day);
  };

  it('answers the last days at the tenant, newest first, today included and tomorrow not', async () => {
    const person = await addPerson(world.acme);
    const all = ['2026-11-13', '2026-11-14', '2026-11-19', '2026-11-20', '2026-11-21'];
    await addDays(world.acme, { person, days: Object.fromEntries(all.map((day) => [day, 'ABSENT'])) });
    expect(await days(person)).toEqual(['2026-11-20', '2026-11-19', '2026-11-14']);
    expect(await days(person, { days: 1 })).toEqual(['2026-11-20']);
    expect(await days(world.acme.people.manager, { personId: person.globalId, days: 90 })).toHaveLength(4);
    now = new Date('2026-11-20T23:00:00.000Z'); // midnight in Rome
    expect(await days(person, { days: 1 })).toEqual(['2026-11-21']);
    now = testNow;
  });

  it('takes today from the tenant: Auckland is half a day ahead', async () => {
    await setTimeZone(world, world.globex, 'Pacific/Auckland');
    const person = await addPerson(world.globex);
    await addDays(world.globex, { person, days: { '2026-11-20': 'ABSENT', '2026-11-21': 'ABSENT' } });
    now = new Date('2026-11-20T10:59:59.999Z');
    expect(await days(person, { days: 1 })).toEqual(['2026-11-20']);
    now = new Date('2026-11-20T11:00:00.000Z');
    expect(await days(person, { days: 1 })).toEqual(['2026-11-21']);
    now = testNow;
  });

  it('is empty for people out of reach, of another tenant or nowhere', async () => {
    const person = await addPerson(world.acme, { siteId: world.acme.sites.elsewhere });
    await addDays(world.acme, { person, siteId: world.acme.sites.elsewhere, days: { '2026-11-20': 'ABSENT' } });
    const { admin, agent, member } = world.acme.people;
    const { globalId: personId } = person;
    expect(await days(admin, { personId })).toHaveLength(1);
    for (const viewer of [agent, member, world.globex.people.admin])
      expect(await days(viewer, { personId })).toEqual([]);
    expect(await days(admin, { personId: encodeGlobalId('Person', newId()) })).toEqual([]);
  });

  it('refuses fewer than one and more than 90 days', async () => {
    for (const wrong of [0, 91, -1]) {
      const { errors } = await world.ask(world.acme.people.member.token, recent, { variables: { days: wrong } });
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT', fields: [{ field: 'days' }] } });
    }
  });

  it('costs one statement for a whole list of people, whatever days each is asked for', async () => {
    const [one, two] = [await addPerson(world.acme), await addPerson(world.acme)];
    for (const person of [one, two]) {
      await addDays(world.acme, { person, days: { '2026-11-20': 'ABSENT', '2026-11-17': 'ABSENT' } });
    }
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Person {
      week: recentAttendance { day }
      today: recentAttendance(days: 1) { day }
    } } }`;
    const { result, forAnswer } = await countStatements(() =>
      world.ask(world.acme.people.admin.token, query, { variables: { ids: [one.globalId, two.globalId] } }),
    );
    const expected = { week: [{ day: '2026-11-20' }, { day: '2026-11-17' }], today: [{ day: '2026-11-20' }] };
    expect(result.data.nodes).toEqual([expected, expected]);
    expect(forAnswer.length, forAnswer.join('\n')).toBe(2); // people, attendance
  });
});
