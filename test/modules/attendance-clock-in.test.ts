import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { addDays, clockIn, clockOut, countByType, setTimeZone } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, testNow, type Person, type TestTenant, type World } from '../support/world.ts';

let world: World;
let now = testNow;
beforeAll(async () => void (world = await createWorld({ now: () => now })));
afterAll(() => world.close());
beforeEach(() => void (now = testNow));

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

async function rowsOf(person: Person) {
  const { rows } = await world.database.owner.query('SELECT * FROM attendance WHERE person_id = $1', [person.id]);
  return rows;
}

describe('clockIn', () => {
  it('records today at the home site, as it then stands in the list', async () => {
    const person = await addPerson(world.acme);
    const { attendance, clientMutationId } = await clockIn(world, person, {
      note: ' by bike ',
      clientMutationId: 'c1',
    });
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
    await clockIn(world, person, {});
    const again = await clockIn(world, person, {});
    expect(again).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
    expect(again.message).toContain('2026-11-20');
    now = new Date('2026-11-20T11:00:00.000Z');
    await clockOut(world, person, {});
    expect(await clockIn(world, person, {})).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    expect(await rowsOf(person)).toHaveLength(1);
  });

  it('lets one of ten win when all come at the same instant', async () => {
    const person = await addPerson(world.acme);
    const answers = await race(
      world,
      'attendance',
      Array.from({ length: 10 }, () => () => clockIn(world, person, {})),
    );
    expect(countByType(answers)).toEqual({ ClockInPayload: 1, ConflictError: 9 });
    expect(await rowsOf(person)).toHaveLength(1);
  });

  it('answers a retry with the same Idempotency-Key as the first time', async () => {
    const person = await addPerson(world.acme);
    const first = await clockIn(world, person, {}, { 'idempotency-key': 'came' });
    expect(first.__typename).toBe('ClockInPayload');
    expect(await clockIn(world, person, {}, { 'idempotency-key': 'came' })).toEqual(first);
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
    expect((await clockIn(world, person, {})).attendance).toMatchObject({ status, site: { name: 'Elsewhere' } });
  });

  it("is not made late by somebody else's shift, nor by one of another day", async () => {
    const [person, colleague] = [await addPerson(world.acme), await addPerson(world.acme)];
    const early = { day: '2026-11-20', startsAt: '2026-11-20T05:00:00Z', endsAt: '2026-11-20T13:00:00Z' };
    await addShift(world.acme, { person: colleague, ...early });
    const yesterday = { day: '2026-11-19', startsAt: '2026-11-19T08:00:00Z', endsAt: '2026-11-19T16:00:00Z' };
    await addShift(world.acme, { person, ...yesterday });
    expect((await clockIn(world, person, {})).attendance.status).toBe('PRESENT');
  });

  it('turns ABSENT into PRESENT, or into LATE where there was a shift', async () => {
    const [free, late] = [await addPerson(world.acme), await addPerson(world.acme)];
    for (const person of [free, late]) await addDays(world.acme, { person: person, days: { '2026-11-20': 'ABSENT' } });
    const shift = { day: '2026-11-20', startsAt: '2026-11-20T08:00:00Z', endsAt: '2026-11-20T16:00:00Z' };
    await addShift(world.acme, { person: late, ...shift });
    expect((await clockIn(world, free, {})).attendance).toMatchObject({ status: 'PRESENT', version: 2 });
    expect((await clockIn(world, late, {})).attendance).toMatchObject({ status: 'LATE', version: 2 });
  });

  it('refuses a day that is recorded as leave', async () => {
    const person = await addPerson(world.acme);
    await addDays(world.acme, { person: person, days: { '2026-11-20': 'ON_LEAVE' } });
    expect(await clockIn(world, person, {})).toMatchObject({ __typename: 'ConflictError', currentVersion: 1 });
  });

  it('counts for yesterday during a shift that began yesterday', async () => {
    const person = await addPerson(world.acme);
    const night = { day: '2026-11-19', startsAt: '2026-11-19T21:00:00Z', endsAt: '2026-11-20T05:00:00Z' };
    await addShift(world.acme, { person, ...night });
    now = new Date('2026-11-19T23:30:00Z'); // half past midnight in Rome
    expect((await clockIn(world, person, {})).attendance).toMatchObject({ day: '2026-11-19', status: 'LATE' });
  });

  it('is refused while a night shift is open, but not because somebody forgot to clock out', async () => {
    const [worker, forgetful] = [await addPerson(world.acme), await addPerson(world.acme)];
    now = new Date('2026-11-19T21:00:00Z');
    await clockIn(world, worker, {});
    now = new Date('2026-11-20T01:00:00Z');
    expect(await clockIn(world, worker, {})).toMatchObject({ __typename: 'ConflictError' });

    now = new Date('2026-11-19T07:00:00Z');
    await clockIn(world, forgetful, {});
    now = new Date('2026-11-20T06:55:00Z');
    expect((await clockIn(world, forgetful, {})).attendance).toMatchObject({ day: '2026-11-20' });
    now = new Date('2026-11-20T06:58:00Z');
    expect((await clockOut(world, forgetful, {})).attendance).toMatchObject({ day: '2026-11-20', workedMinutes: 3 });
    // The open row of yesterday is not a day that lasted until now.
    expect(await clockOut(world, forgetful, {})).toMatchObject({ __typename: 'ConflictError' });
  });

  it('takes the day from the tenant: Auckland is already on the next', async () => {
    await setTimeZone(world, world.globex, 'Pacific/Auckland');
    const person = await addPerson(world.globex);
    now = new Date('2026-11-20T10:59:59.999Z');
    expect((await clockIn(world, person, {})).attendance.day).toBe('2026-11-20');
    const other = await addPerson(world.globex);
    now = new Date('2026-11-20T11:00:00.000Z');
    expect((await clockIn(world, other, {})).attendance.day).toBe('2026-11-21');
    await setTimeZone(world, world.globex, 'Europe/Rome');
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
    expect((await clockIn(world, person, {})).attendance.day).toBe(day);
  });

  it('may be done for others within reach only', async () => {
    const { manager, agent } = world.acme.people;
    const person = await addPerson(world.acme);
    const forPerson = { personId: person.globalId };
    const done = await clockIn(world, manager, forPerson);
    expect(done.attendance).toMatchObject({ person: { id: person.globalId } });
    // An agent's attendance:write is for their own.
    expect(await clockIn(world, agent, { personId: (await addPerson(world.acme)).globalId })).toMatchObject({
      __typename: 'ForbiddenError',
    });
    const leader = await addPerson(world.acme);
    await grant(world.acme, { person: leader, permission: 'attendance:write', reach: 'sites' });
    const [near, far] = [
      await addPerson(world.acme),
      await addPerson(world.acme, { siteId: world.acme.sites.elsewhere }),
    ];
    expect((await clockIn(world, leader, { personId: near.globalId })).__typename).toBe('ClockInPayload');
    expect((await clockIn(world, leader, { personId: far.globalId })).__typename).toBe('NotFoundError');
    const stranger = { personId: world.globex.people.member.globalId };
    expect((await clockIn(world, leader, stranger)).__typename).toBe('NotFoundError');
    expect((await clockIn(world, manager, stranger)).__typename).toBe('NotFoundError');
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
    for (const input of inputs) named.push((await clockIn(world, manager, input)).fields?.[0]?.field);
    expect(named).toEqual(['personId', 'personId', 'personId', 'note']);
  });

  it('needs a token', async () => {
    const { errors } = await world.ask(null, 'mutation { clockIn(input: {}) { __typename } }');
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });
});
