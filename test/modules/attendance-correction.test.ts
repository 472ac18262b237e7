import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { correctAttendance, countByType } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

interface Recorded {
  status?: string;
  clockInAt?: string;
  clockOutAt?: string;
  day?: string;
}

/** Somebody with one recorded day; by default present on 2026-11-19 from 8:00 to 16:00 UTC. */
async function withDay(tenant: TestTenant, recorded: Recorded = {}, siteId: string = tenant.sites.here) {
  const person = await addPerson(tenant, { siteId });
  const { status = 'PRESENT', day = '2026-11-19' } = recorded;
  const { clockInAt, clockOutAt } =
    status === 'PRESENT'
      ? { clockInAt: '2026-11-19T08:00:00Z', clockOutAt: '2026-11-19T16:00:00Z', ...recorded }
      : recorded;
  const id = newId();
  await tenant.session.write((trx) =>
    trx
      .insertInto('attendance')
      .values({
        id,
        person_id: person.id,
        site_id: siteId,
        day,
        status: status as 'PRESENT',
        clock_in_at: clockInAt ? new Date(clockInAt) : null,
        clock_out_at: clockOutAt ? new Date(clockOutAt) : null,
        note: 'as recorded',
      })
      .execute(),
  );
  return { person, id: encodeGlobalId('Attendance', id) };
}

describe('correctAttendance', () => {
  it('changes what is sent, keeps the rest and says who did it', async () => {
    const { manager } = world.acme.people;
    const { id } = await withDay(world.acme);
    const first = await correctAttendance(world, manager, { id, version: 1, clockOutAt: '2026-11-19T17:00:00Z' });
    expect(first.attendance).toMatchObject({
      id,
      day: '2026-11-19',
      status: 'PRESENT',
      clockInAt: '2026-11-19T08:00:00.000Z',
      clockOutAt: '2026-11-19T17:00:00.000Z',
      note: 'as recorded',
      version: 2,
      correctedBy: { id: manager.globalId },
      site: { name: 'Here' },
    });
    const second = await correctAttendance(world, manager, { id, version: 2, clockOutAt: null, note: null });
    expect(second.attendance).toMatchObject({ clockOutAt: null, note: null, version: 3 });
  });

  it('takes the times away with PRESENT, and asks for them with ABSENT undone', async () => {
    const { manager } = world.acme.people;
    const { id } = await withDay(world.acme);
    const absent = await correctAttendance(world, manager, { id, version: 1, status: 'ABSENT' });
    expect(absent.attendance).toMatchObject({ status: 'ABSENT', clockInAt: null, clockOutAt: null });
    const refused = await correctAttendance(world, manager, { id, version: 2, status: 'LATE' });
    expect(refused.fields).toMatchObject([{ field: 'clockInAt' }]);
    const late = await correctAttendance(world, manager, {
      id,
      version: 2,
      status: 'LATE',
      clockInAt: '2026-11-19T09:00:00Z',
    });
    expect(late.attendance).toMatchObject({ status: 'LATE', clockInAt: '2026-11-19T09:00:00.000Z' });
  });

  it('records a day that was forgotten, and finds a recorded one by person and day', async () => {
    const { manager } = world.acme.people;
    const person = await addPerson(world.acme);
    const day = { personId: person.globalId, day: '2026-11-18' };
    const made = await correctAttendance(world, manager, {
      ...day,
      status: 'PRESENT',
      clockInAt: '2026-11-18T08:00:00Z',
    });
    expect(made.attendance).toMatchObject({
      version: 1,
      site: { name: 'Here' },
      correctedBy: { id: manager.globalId },
    });
    const again = await correctAttendance(world, manager, { ...day, note: 'was there' });
    expect(again.attendance).toMatchObject({
      id: made.attendance.id,
      version: 2,
      note: 'was there',
      status: 'PRESENT',
    });
    expect(await correctAttendance(world, manager, { ...day, version: 1, note: 'x' })).toMatchObject({
      __typename: 'ConflictError',
      currentVersion: 2,
    });
  });

  it('refuses a stale version and says the current one', async () => {
    const { manager } = world.acme.people;
    const { id } = await withDay(world.acme);
    await correctAttendance(world, manager, { id, version: 1, note: 'first' });
    const stale = await correctAttendance(world, manager, { id, version: 1, note: 'second' });
    expect(stale).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
  });

  it('lets one of ten with the same version win, and records a new day once', async () => {
    const { manager } = world.acme.people;
    const { id } = await withDay(world.acme);
    const answers = await race(
      world,
      'attendance',
      Array.from(
        { length: 10 },
        (_, index) => () => correctAttendance(world, manager, { id, version: 1, note: `${index}` }),
      ),
    );
    expect(countByType(answers)).toEqual({ CorrectAttendancePayload: 1, ConflictError: 9 });
    const input = { personId: (await addPerson(world.acme)).globalId, day: '2026-11-18', status: 'ABSENT' };
    const days = await race(
      world,
      'attendance',
      Array.from({ length: 10 }, () => () => correctAttendance(world, manager, input)),
    );
    expect(new Set(days.map(({ attendance }) => attendance.id)).size).toBe(1);
  });

  it.each<[string, Recorded, object, string[]]>([
    ['no clock-in', { status: 'ABSENT' }, { status: 'PRESENT' }, ['clockInAt']],
    ['a clock-in taken away', {}, { clockInAt: null }, ['clockInAt']],
    ['times of somebody absent', {}, { status: 'ABSENT', clockInAt: '2026-11-19T08:00:00Z' }, ['clockInAt']],
    [
      'both times of somebody on leave',
      { status: 'ON_LEAVE' },
      { clockInAt: '2026-11-19T08:00:00Z', clockOutAt: '2026-11-19T09:00:00Z' },
      ['clockInAt', 'clockOutAt'],
    ],
    ['leaving before coming', {}, { clockOutAt: '2026-11-19T07:59:59Z' }, ['clockOutAt']],
    ['more than 24 hours', {}, { clockOutAt: '2026-11-20T08:00:01Z' }, ['clockOutAt']],
    [
      'leaving in the future',
      {},
      { clockInAt: '2026-11-20T08:00:00Z', clockOutAt: '2026-11-20T09:00:01Z' },
      ['clockOutAt'],
    ],
    ['coming on the day before', {}, { clockInAt: '2026-11-18T22:59:59Z' }, ['clockInAt']],
    [
      'coming two days later',
      { day: '2026-11-17', clockInAt: '2026-11-17T08:00:00Z', clockOutAt: '2026-11-17T09:00:00Z' },
      { clockInAt: '2026-11-18T23:00:00Z', clockOutAt: null },
      ['clockInAt'],
    ],
    ['an endless note', {}, { note: 'x'.repeat(2001) }, ['note']],
  ])('refuses %s by the name of the field', async (_what, recorded, correction, expected) => {
    const { id } = await withDay(world.acme, recorded);
    const { fields } = await correctAttendance(world, world.acme.people.manager, { id, version: 1, ...correction });
    expect(fields.map(({ field }: { field: string }) => field)).toEqual(expected);
  });

  it('accepts coming after midnight for the day before, and exactly at the first instant of the day', async () => {
    const { manager } = world.acme.people;
    const { id } = await withDay(world.acme);
    const night = { clockInAt: '2026-11-19T23:30:00Z', clockOutAt: '2026-11-20T05:00:00Z' };
    expect((await correctAttendance(world, manager, { id, version: 1, ...night })).__typename).toBe(
      'CorrectAttendancePayload',
    );
    const midnight = { clockInAt: '2026-11-18T23:00:00Z', clockOutAt: null };
    expect((await correctAttendance(world, manager, { id, version: 2, ...midnight })).__typename).toBe(
      'CorrectAttendancePayload',
    );
  });

  it('wants either an id with its version, or a person with a day that is not to come', async () => {
    const { manager, member } = world.acme.people;
    const { id } = await withDay(world.acme);
    const personId = member.globalId;
    for (const [field, input] of [
      ['version', { id }],
      ['personId', { id, version: 1, personId }],
      ['id', { status: 'ABSENT' }],
      ['day', { personId, status: 'ABSENT' }],
      ['personId', { day: '2026-11-18', status: 'ABSENT' }],
      ['day', { personId, day: '2026-11-21', status: 'ABSENT' }],
      ['status', { personId, day: '2026-11-17' }],
      ['id', { id: personId, version: 1 }],
    ] as const) {
      const { fields } = await correctAttendance(world, manager, input);
      expect(fields?.[0]?.field, JSON.stringify(input)).toBe(field);
    }
  });

  it('is for those with the permission, within its reach', async () => {
    const { agent, member } = world.acme.people;
    const { id, person } = await withDay(world.acme);
    const input = { id, version: 1, note: 'x' };
    for (const viewer of [agent, member, person]) {
      expect((await correctAttendance(world, viewer, input)).__typename).toBe('ForbiddenError');
    }
    expect((await correctAttendance(world, world.globex.people.admin, input)).__typename).toBe('NotFoundError');

    // Sees elsewhere too, but corrects at the sites alone that are also theirs.
    const leader = await addPerson(world.acme);
    await grant(world.acme, { person: leader, permission: 'attendance:correct', reach: 'sites' });
    await grant(world.acme, { person: leader, permission: 'attendance:read', reach: 'sites' });
    const away = await withDay(world.acme, {}, world.acme.sites.elsewhere);
    expect((await correctAttendance(world, leader, { id: away.id, version: 1, note: 'x' })).__typename).toBe(
      'NotFoundError',
    );
    const byDay = { personId: away.person.globalId, day: '2026-11-19', note: 'x' };
    expect((await correctAttendance(world, leader, byDay)).__typename).toBe('NotFoundError');
    await grant(world.acme, { person: leader, permission: 'attendance:read', reach: 'any' });
    expect((await correctAttendance(world, leader, { id: away.id, version: 1, note: 'x' })).__typename).toBe(
      'ForbiddenError',
    );
    expect((await correctAttendance(world, leader, input)).attendance).toMatchObject({ note: 'x', version: 2 });
  });
});
