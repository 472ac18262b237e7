import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { assignShift, countByType, hours, vacantShift } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

async function addLeave(person: Person, days: { startsOn: string; endsOn: string; status: string }) {
  await world.acme.session.write((trx) =>
    trx
      .insertInto('leave_requests')
      .values({
        id: newId(),
        person_id: person.id,
        starts_on: days.startsOn,
        ends_on: days.endsOn,
        status: days.status as 'APPROVED',
        decided_at: days.status === 'APPROVED' ? new Date() : null,
      })
      .execute(),
  );
}

describe('assignShift', () => {
  it('gives a shift to somebody, to somebody else, and makes it vacant again', async () => {
    const { manager } = world.acme.people;
    const { id } = await vacantShift(world);
    const [one, two] = [await addPerson(world.acme), await addPerson(world.acme)];
    const first = await assignShift(world, manager, { id, version: 1, personId: one.globalId });
    expect(first.shift).toMatchObject({ version: 2, person: { id: one.globalId } });
    const second = await assignShift(world, manager, { id, version: 2, personId: two.globalId });
    expect(second.shift).toMatchObject({ version: 3, person: { id: two.globalId } });
    expect((await assignShift(world, manager, { id, version: 3, personId: null })).shift).toMatchObject({
      version: 4,
      person: null,
    });
    expect((await assignShift(world, manager, { id, version: 4 })).fields).toMatchObject([{ field: 'personId' }]);
  });

  it('refuses a stale version, and a person who works meanwhile, but not the shift they have', async () => {
    const { manager } = world.acme.people;
    const { id } = await vacantShift(world);
    const personId = (await addPerson(world.acme)).globalId;
    await assignShift(world, manager, { id, version: 1, personId });
    const stale = await assignShift(world, manager, { id, version: 1, personId });
    expect(stale).toMatchObject({ __typename: 'ConflictError', currentVersion: 2 });
    expect((await assignShift(world, manager, { id, version: 2, personId })).__typename).toBe('AssignShiftPayload');
    const clashing = await vacantShift(world, hours(15, 17), 'elsewhere');
    const refused = await assignShift(world, manager, { ...clashing, personId });
    expect(refused).toMatchObject({ __typename: 'ConflictError', currentVersion: null });
    expect(refused.message).toContain('2026-11-23 09:00 to 2026-11-23 17:00');
  });

  it('lets one of ten win when ten overlapping shifts are given to one person at once', async () => {
    const { manager } = world.acme.people;
    const shifts = await Promise.all(Array.from({ length: 10 }, () => vacantShift(world)));
    const personId = (await addPerson(world.acme)).globalId;
    const answers = await race(
      world,
      'shifts',
      shifts.map((vacant) => () => assignShift(world, manager, { ...vacant, personId })),
    );
    expect(countByType(answers)).toEqual({ AssignShiftPayload: 1, ConflictError: 9 });
  });

  it('lets one of ten win when one shift is given to ten people at once', async () => {
    const { manager } = world.acme.people;
    const vacant = await vacantShift(world);
    const people = await Promise.all(Array.from({ length: 10 }, () => addPerson(world.acme)));
    const answers = await race(
      world,
      'shifts',
      people.map(
        ({ globalId }) =>
          () =>
            assignShift(world, manager, { ...vacant, personId: globalId }),
      ),
    );
    expect(answers.filter(({ __typename }) => __typename === 'AssignShiftPayload')).toHaveLength(1);
    expect(answers.filter(({ currentVersion }) => currentVersion === 2)).toHaveLength(9);
  });

  it.each([
    { status: 'APPROVED', startsOn: '2026-11-20', endsOn: '2026-11-23', refused: true },
    { status: 'APPROVED', startsOn: '2026-11-24', endsOn: '2026-11-30', refused: true },
    { status: 'APPROVED', startsOn: '2026-11-20', endsOn: '2026-11-22', refused: false },
    { status: 'APPROVED', startsOn: '2026-11-25', endsOn: '2026-11-30', refused: false },
    { status: 'PENDING', startsOn: '2026-11-20', endsOn: '2026-11-30', refused: false },
  ])(
    'with leave $startsOn to $endsOn ($status), a night from 23 to 24 November is refused: $refused',
    async (leave) => {
      const { manager } = world.acme.people;
      const person = await addPerson(world.acme);
      await addLeave(person, leave);
      const vacant = await vacantShift(world, { startsAt: '2026-11-23T20:00:00Z', endsAt: '2026-11-24T04:00:00Z' });
      const answer = await assignShift(world, manager, { ...vacant, personId: person.globalId });
      expect(answer.__typename).toBe(leave.refused ? 'ConflictError' : 'AssignShiftPayload');
      if (leave.refused) expect(answer.message).toContain(`${leave.startsOn} to ${leave.endsOn}`);
    },
  );

  it('accepts a shift that ends at midnight, where leave begins', async () => {
    const person = await addPerson(world.acme);
    await addLeave(person, { startsOn: '2026-11-24', endsOn: '2026-11-30', status: 'APPROVED' });
    const evening = await vacantShift(world, { startsAt: '2026-11-23T15:00:00Z', endsAt: '2026-11-23T23:00:00Z' });
    const answer = await assignShift(world, world.acme.people.manager, { ...evening, personId: person.globalId });
    expect(answer.__typename).toBe('AssignShiftPayload');
  });

  it('is for those with the permission, within its reach', async () => {
    const { agent, member } = world.acme.people;
    const [near, far] = [await vacantShift(world), await vacantShift(world, hours(8, 16), 'elsewhere')];
    for (const viewer of [agent, member]) {
      expect((await assignShift(world, viewer, { ...near, personId: null })).__typename).toBe('ForbiddenError');
    }
    expect((await assignShift(world, world.globex.people.manager, { ...near, personId: null })).__typename).toBe(
      'NotFoundError',
    );
    const planner = await addPerson(world.acme, { role: 'agent' });
    await grant(world.acme, { person: planner, permission: 'rota:write', reach: 'sites' });
    const personId = (await addPerson(world.acme)).globalId;
    expect((await assignShift(world, planner, { ...far, personId })).__typename).toBe('NotFoundError');
    expect((await assignShift(world, planner, { ...near, personId })).__typename).toBe('AssignShiftPayload');
    await grant(world.acme, { person: planner, permission: 'rota:read', reach: 'any' });
    expect((await assignShift(world, planner, { ...far, personId: null })).__typename).toBe('ForbiddenError');
    const foreign = world.globex.people.member.globalId;
    expect(
      (await assignShift(world, planner, { ...(await vacantShift(world)), personId: foreign })).fields,
    ).toMatchObject([{ field: 'personId' }]);
  });
});
