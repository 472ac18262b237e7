import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addPerson } from '../support/add-person.ts';
import { clockIn, clockOut, countByType } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, testNow, type Person, type World } from '../support/world.ts';

let world: World;
let now = testNow;
beforeAll(async () => void (world = await createWorld({ now: () => now })));
afterAll(() => world.close());
beforeEach(() => void (now = testNow));

async function rowsOf(person: Person) {
  const { rows } = await world.database.owner.query('SELECT * FROM attendance WHERE person_id = $1', [person.id]);
  return rows;
}

describe('clockOut', () => {
  it('ends the day and says how long it was', async () => {
    const person = await addPerson(world.acme);
    await clockIn(world, person, { note: 'came' });
    now = new Date('2026-11-20T17:15:59.999Z');
    expect((await clockOut(world, person, {})).attendance).toMatchObject({
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
    expect((await clockOut(world, never, {})).__typename).toBe('ConflictError');
    for (const person of [twice, long]) await clockIn(world, person, {});
    await clockOut(world, twice, {});
    expect(await clockOut(world, twice, {})).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    now = new Date(testNow.getTime() + 24 * 3_600_000 + 1);
    expect((await clockOut(world, long, {})).__typename).toBe('ConflictError');
    now = new Date(testNow.getTime() + 24 * 3_600_000);
    expect((await clockOut(world, long, {})).attendance.workedMinutes).toBe(1440);
  });

  it('lets one of ten win when all leave at the same instant', async () => {
    const person = await addPerson(world.acme);
    await clockIn(world, person, {});
    const answers = await race(
      world,
      'attendance',
      Array.from({ length: 10 }, () => () => clockOut(world, person, {})),
    );
    expect(countByType(answers)).toEqual({ ClockOutPayload: 1, ConflictError: 9 });
    expect((await rowsOf(person))[0].version).toBe(2);
  });

  it.each([
    { night: 'the short night of spring', from: '2026-03-28T21:00:00Z', to: '2026-03-29T04:00:00Z', minutes: 420 },
    { night: 'the long night of autumn', from: '2026-10-24T20:00:00Z', to: '2026-10-25T05:00:00Z', minutes: 540 },
  ])('ends $night on the day it began, in minutes that really passed', async ({ from, to, minutes }) => {
    const person = await addPerson(world.acme);
    now = new Date(from); // 22:00 in Rome
    const { attendance } = await clockIn(world, person, {});
    now = new Date(to); // 06:00 in Rome
    expect((await clockOut(world, person, {})).attendance).toMatchObject({
      id: attendance.id,
      day: from.slice(0, 10),
      workedMinutes: minutes,
    });
  });

  it('may be done for others within reach only', async () => {
    const person = await addPerson(world.acme);
    await clockIn(world, person, {});
    const input = { personId: person.globalId };
    expect((await clockOut(world, world.acme.people.agent, input)).__typename).toBe('ForbiddenError');
    expect((await clockOut(world, world.globex.people.manager, input)).__typename).toBe('NotFoundError');
    expect((await clockOut(world, world.acme.people.manager, input)).__typename).toBe('ClockOutPayload');
  });
});
