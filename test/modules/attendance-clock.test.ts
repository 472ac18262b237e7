import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { createWorld, testNow, type Person, type TestTenant, type World } from '../support/world.ts';

let world: World;
let now = testNow;
beforeAll(async () => void (world = await createWorld({ now: () => now })));
afterAll(() => world.close());
beforeEach(() => void (now = testNow));

const fields = /* GraphQL */ `
  __typename
  ... on Error {
    message
  }
  ... on ConflictError {
    currentVersion
  }
  ... on ValidationError {
    fields {
      field
      message
    }
  }
`;
const record = '{ id day status clockInAt clockOutAt workedMinutes note version person { id } site { name } }';
const clockInDocument = `mutation ($input: ClockInInput!) {
  clockIn(input: $input) { ${fields} ... on ClockInPayload { clientMutationId attendance ${record} } }
}`;
const clockOutDocument = `mutation ($input: ClockOutInput!) {
  clockOut(input: $input) { ${fields} ... on ClockOutPayload { clientMutationId attendance ${record} } }
}`;

async function clockIn(person: Person, input: object = {}, headers: Record<string, string> = {}) {
  const answer = await world.ask(person.token, clockInDocument, { variables: { input }, headers });
  expect(answer.errors).toBeUndefined();
  return answer.data.clockIn;
}

async function clockOut(person: Person, input: object = {}) {
  const answer = await world.ask(person.token, clockOutDocument, { variables: { input } });
  expect(answer.errors).toBeUndefined();
  return answer.data.clockOut;
}

interface Span {
  person: Person;
  day: string;
  startsAt: string;
  endsAt: string;
  siteId?: string;
}

async function addShift(tenant: TestTenant, { person, day, startsAt, endsAt, siteId = tenant.sites.here }: Span) {
  const times = { starts_at: new Date(startsAt), ends_at: new Date(endsAt) };
  await tenant.session.write((trx) =>
    trx
      .insertInto('shifts')
      .values({ id: newId(), site_id: siteId, person_id: person.id, day, ...times })
      .execute(),
  );
}

async function addRecord(tenant: TestTenant, person: Person, row: { day: string; status: string; clockInAt?: string }) {
  await tenant.session.write((trx) =>
    trx
      .insertInto('attendance')
      .values({
        id: newId(),
        person_id: person.id,
        site_id: tenant.sites.here,
        day: row.day,
        status: row.status as 'PRESENT',
        clock_in_at: row.clockInAt ? new Date(row.clockInAt) : null,
      })
      .execute(),
  );
}

async function setTimeZone(tenant: TestTenant, timeZone: string) {
  await world.database.owner.query('UPDATE tenants SET time_zone = $1 WHERE id = $2', [timeZone, tenant.id]);
}

async function rowsOf(person: Person) {
  const { rows } = await world.database.owner.query('SELECT * FROM attendance WHERE person_id = $1', [person.id]);
  return rows;
}

describe('clockIn', () => {
  it('records today at the home site, as it then stands in the list', async () => {
    const person = await addPerson(world.acme);
    const { attendance, clientMutationId } = await clockIn(person, { note: ' by bike ', clientMutationId: 'c1' });
    expect(clientMutationId).toBe('c1');
    expect(attendance).toMatchObject({
      day: '2026-11-20',
      status: 'PRESENT',
      clockInAt: '2026-11-20T09:00:00.000Z',
      clockOutAt: null,
      workedMinutes: null,
      note: 'by bike',
      version: 1,
      person: { id: person.globalId },
      site: { name: 'Here' },
    });
    const { data } = await world.ask(person.token, '{ recentAttendance { id } }');
    expect(data.recentAttendance).toEqual([{ id: attendance.id }]);
  });

  it('refuses a second clock-in, open or ended, and changes nothing', async () => {
    const person = await addPerson(world.acme);
    await clockIn(person);
    const again = await clockIn(person);
    expect(again).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
    expect(again.message).toContain('2026-11-20');
    now = new Date('2026-11-20T11:00:00.000Z');
    await clockOut(person);
    expect(await clockIn(person)).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    expect(await rowsOf(person)).toHaveLength(1);
  });

  it('lets one of ten win when all come at the same instant', async () => {
    const person = await addPerson(world.acme);
    const answers = await Promise.all(Array.from({ length: 10 }, () => clockIn(person)));
    const kinds = answers.map((answer) => answer.__typename).toSorted();
    expect(kinds).toEqual(['ClockInPayload', ...Array.from({ length: 9 }, () => 'ConflictError')].toSorted());
    expect(await rowsOf(person)).toHaveLength(1);
  });

  it('answers a retry with the same Idempotency-Key as the first time', async () => {
    const person = await addPerson(world.acme);
    const first = await clockIn(person, {}, { 'idempotency-key': 'came' });
    expect(first.__typename).toBe('ClockInPayload');
    expect(await clockIn(person, {}, { 'idempotency-key': 'came' })).toEqual(first);
  });

  it.each([
    { after: 0, status: 'PRESENT' },
    { after: 300_000, status: 'PRESENT' },
    { after: 300_001, status: 'LATE' },
    { after: -3_600_000, status: 'PRESENT' },
  ])('is $status $after ms after the start of the shift', async ({ after, status }) => {
    const person = await addPerson(world.acme);
    const shift = { day: '2026-11-20', startsAt: '2026-11-20T08:00:00Z', endsAt: '2026-11-20T16:00:00Z' };
    await addShift(world.acme, { person, ...shift, siteId: world.acme.sites.elsewhere });
    now = new Date(Date.parse('2026-11-20T08:00:00Z') + after);
    expect((await clockIn(person)).attendance).toMatchObject({ status, site: { name: 'Elsewhere' } });
  });

  it("is not made late by somebody else's shift, nor by one of another day", async () => {
    const [person, colleague] = [await addPerson(world.acme), await addPerson(world.acme)];
    const early = { day: '2026-11-20', startsAt: '2026-11-20T05:00:00Z', endsAt: '2026-11-20T13:00:00Z' };
    await addShift(world.acme, { person: colleague, ...early });
    const yesterday = { day: '2026-11-19', startsAt: '2026-11-19T08:00:00Z', endsAt: '2026-11-19T16:00:00Z' };
    await addShift(world.acme, { person, ...yesterday });
    expect((await clockIn(person)).attendance.status).toBe('PRESENT');
  });

  it('turns ABSENT into PRESENT, or into LATE where there was a shift', async () => {
    const [free, late] = [await addPerson(world.acme), await addPerson(world.acme)];
    for (const person of [free, late]) await addRecord(world.acme, person, { day: '2026-11-20', status: 'ABSENT' });
    const shift = { day: '2026-11-20', startsAt: '2026-11-20T08:00:00Z', endsAt: '2026-11-20T16:00:00Z' };
    await addShift(world.acme, { person: late, ...shift });
    expect((await clockIn(free)).attendance).toMatchObject({ status: 'PRESENT', version: 2 });
    expect((await clockIn(late)).attendance).toMatchObject({ status: 'LATE', version: 2 });
  });

  it('refuses a day that is recorded as leave', async () => {
    const person = await addPerson(world.acme);
    await addRecord(world.acme, person, { day: '2026-11-20', status: 'ON_LEAVE' });
    expect(await clockIn(person)).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
  });

  it('counts for yesterday during a shift that began yesterday', async () => {
    const person = await addPerson(world.acme);
    const night = { day: '2026-11-19', startsAt: '2026-11-19T21:00:00Z', endsAt: '2026-11-20T05:00:00Z' };
    await addShift(world.acme, { person, ...night });
    now = new Date('2026-11-19T23:30:00Z'); // half past midnight in Rome
    expect((await clockIn(person)).attendance).toMatchObject({ day: '2026-11-19', status: 'LATE' });
  });

  it('is refused while a night shift is open, but not because somebody forgot to clock out', async () => {
    const [worker, forgetful] = [await addPerson(world.acme), await addPerson(world.acme)];
    now = new Date('2026-11-19T21:00:00Z');
    await clockIn(worker);
    now = new Date('2026-11-20T01:00:00Z');
    expect(await clockIn(worker)).toMatchObject({ __typename: 'ConflictError' });

    now = new Date('2026-11-19T07:00:00Z');
    await clockIn(forgetful);
    now = new Date('2026-11-20T06:55:00Z');
    expect((await clockIn(forgetful)).attendance).toMatchObject({ day: '2026-11-20' });
    now = new Date('2026-11-20T06:58:00Z');
    expect((await clockOut(forgetful)).attendance).toMatchObject({ day: '2026-11-20', workedMinutes: 3 });
    // The open row of yesterday is not a day that lasted until now.
    expect(await clockOut(forgetful)).toMatchObject({ __typename: 'ConflictError' });
  });

  it('takes the day from the tenant: Auckland is already on the next', async () => {
    await setTimeZone(world.globex, 'Pacific/Auckland');
    const person = await addPerson(world.globex);
    now = new Date('2026-11-20T10:59:59.999Z');
    expect((await clockIn(person)).attendance.day).toBe('2026-11-20');
    const other = await addPerson(world.globex);
    now = new Date('2026-11-20T11:00:00.000Z');
    expect((await clockIn(other)).attendance.day).toBe('2026-11-21');
    await setTimeZone(world.globex, 'Europe/Rome');
  });

  it.each([
    { at: '2026-03-28T22:59:59Z', day: '2026-03-28' },
    { at: '2026-03-28T23:00:00Z', day: '2026-03-29' },
    { at: '2026-03-29T21:59:59Z', day: '2026-03-29' },
    { at: '2026-03-29T22:00:00Z', day: '2026-03-30' },
    { at: '2026-10-24T22:00:00Z', day: '2026-10-25' },
    { at: '2026-10-25T22:59:59Z', day: '2026-10-25' },
    { at: '2026-10-25T23:00:00Z', day: '2026-10-26' },
  ])('knows that $at is $day in Rome, where the clocks change', async ({ at, day }) => {
    const person = await addPerson(world.acme);
    now = new Date(at);
    expect((await clockIn(person)).attendance.day).toBe(day);
  });

  it('may be done for others within reach only', async () => {
    const { manager, agent } = world.acme.people;
    const person = await addPerson(world.acme);
    const forPerson = { personId: person.globalId };
    const done = await clockIn(manager, forPerson);
    expect(done.attendance).toMatchObject({ person: { id: person.globalId } });
    // An agent's attendance:write is for their own.
    expect(await clockIn(agent, { personId: (await addPerson(world.acme)).globalId })).toMatchObject({
      __typename: 'ForbiddenError',
    });
    const leader = await addPerson(world.acme);
    await grant(world.acme, { person: leader, permission: 'attendance:write', reach: 'sites' });
    const [near, far] = [
      await addPerson(world.acme),
      await addPerson(world.acme, { siteId: world.acme.sites.elsewhere }),
    ];
    expect((await clockIn(leader, { personId: near.globalId })).__typename).toBe('ClockInPayload');
    expect((await clockIn(leader, { personId: far.globalId })).__typename).toBe('NotFoundError');
    const stranger = { personId: world.globex.people.member.globalId };
    expect((await clockIn(leader, stranger)).__typename).toBe('NotFoundError');
    expect((await clockIn(manager, stranger)).__typename).toBe('NotFoundError');
  });

  it('refuses people who left, ids of something else and endless notes by the name of the field', async () => {
    const { manager } = world.acme.people;
    const gone = await addPerson(world.acme);
    await world.database.owner.query('UPDATE people SET active = false WHERE id = $1', [gone.id]);
    const inputs = [
      { personId: gone.globalId },
      { personId: 'nonsense' },
      { personId: Buffer.from(`Site:${world.acme.sites.here}`).toString('base64url') },
      { note: 'x'.repeat(2001) },
    ];
    const named = [];
    for (const input of inputs) named.push((await clockIn(manager, input)).fields?.[0]?.field);
    expect(named).toEqual(['personId', 'personId', 'personId', 'note']);
  });

  it('needs a token', async () => {
    const { errors } = await world.ask(null, clockInDocument, { variables: { input: {} } });
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });
});

describe('clockOut', () => {
  it('ends the day and says how long it was', async () => {
    const person = await addPerson(world.acme);
    await clockIn(person, { note: 'came' });
    now = new Date('2026-11-20T17:15:59.999Z');
    expect((await clockOut(person)).attendance).toMatchObject({
      clockOutAt: '2026-11-20T17:15:59.999Z',
      workedMinutes: 495,
      note: 'came',
      version: 2,
    });
  });

  it('is refused without a clock-in, after a clock-out and for a clock-in more than 24 hours ago', async () => {
    const [never, twice, long] = [
      await addPerson(world.acme),
      await addPerson(world.acme),
      await addPerson(world.acme),
    ];
    expect((await clockOut(never)).__typename).toBe('ConflictError');
    for (const person of [twice, long]) await clockIn(person);
    await clockOut(twice);
    expect(await clockOut(twice)).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    now = new Date(testNow.getTime() + 24 * 3_600_000 + 1);
    expect((await clockOut(long)).__typename).toBe('ConflictError');
    now = new Date(testNow.getTime() + 24 * 3_600_000);
    expect((await clockOut(long)).attendance.workedMinutes).toBe(1440);
  });

  it('lets one of ten win when all leave at the same instant', async () => {
    const person = await addPerson(world.acme);
    await clockIn(person);
    const answers = await Promise.all(Array.from({ length: 10 }, () => clockOut(person)));
    expect(answers.filter((answer) => answer.__typename === 'ClockOutPayload')).toHaveLength(1);
    expect((await rowsOf(person))[0].version).toBe(2);
  });

  it.each([
    { night: 'the short night of spring', from: '2026-03-28T21:00:00Z', to: '2026-03-29T04:00:00Z', minutes: 420 },
    { night: 'the long night of autumn', from: '2026-10-24T20:00:00Z', to: '2026-10-25T05:00:00Z', minutes: 540 },
  ])('ends $night on the day it began, in minutes that really passed', async ({ from, to, minutes }) => {
    const person = await addPerson(world.acme);
    now = new Date(from); // 22:00 in Rome
    const { attendance } = await clockIn(person);
    now = new Date(to); // 06:00 in Rome
    expect((await clockOut(person)).attendance).toMatchObject({
      id: attendance.id,
      day: from.slice(0, 10),
      workedMinutes: minutes,
    });
  });

  it('may be done for others within reach only', async () => {
    const person = await addPerson(world.acme);
    await clockIn(person);
    const input = { personId: person.globalId };
    expect((await clockOut(world.acme.people.agent, input)).__typename).toBe('ForbiddenError');
    expect((await clockOut(world.globex.people.manager, input)).__typename).toBe('NotFoundError');
    expect((await clockOut(world.acme.people.manager, input)).__typename).toBe('ClockOutPayload');
  });
});
