import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { addPerson, grant } from '../support/add-person.ts';
import { countByType, createShift, hours, setTimeZone, siteOf } from '../support/workforce.ts';
import { race } from '../support/race.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const teamOf = (tenant: TestTenant) => encodeGlobalId('Team', tenant.teamId);

describe('createShift', () => {
  it('plans a shift on its local day, staffed or vacant', async () => {
    const { manager } = world.acme.people;
    const person = await addPerson(world.acme);
    const input = { siteId: siteOf(world.acme), teamId: teamOf(world.acme), role: ' front desk ' };
    // 23:30 UTC is half past midnight in Rome.
    const night = { startsAt: '2026-11-22T23:30:00Z', endsAt: '2026-11-23T06:00:00Z' };
    const { shift: planned } = await createShift(world, manager, { ...input, ...night, personId: person.globalId });
    expect(planned).toMatchObject({
      day: '2026-11-23',
      startsAt: '2026-11-22T23:30:00.000Z',
      endsAt: '2026-11-23T06:00:00.000Z',
      role: 'front desk',
      version: 1,
      person: { id: person.globalId },
      site: { id: siteOf(world.acme) },
      team: { id: teamOf(world.acme) },
    });
    const vacant = await createShift(world, manager, { siteId: siteOf(world.acme), ...night });
    expect(vacant.shift).toMatchObject({ person: null, team: null, role: null });
  });

  it.each([
    { zone: 'Europe/Rome', startsAt: '2026-03-28T23:00:00Z', day: '2026-03-29' },
    { zone: 'Europe/Rome', startsAt: '2026-03-29T21:59:00Z', day: '2026-03-29' },
    { zone: 'Europe/Rome', startsAt: '2026-03-29T22:00:00Z', day: '2026-03-30' },
    { zone: 'Europe/Rome', startsAt: '2026-10-24T22:00:00Z', day: '2026-10-25' },
    { zone: 'Europe/Rome', startsAt: '2026-10-25T22:59:00Z', day: '2026-10-25' },
    { zone: 'Pacific/Auckland', startsAt: '2026-11-20T10:59:00Z', day: '2026-11-20' },
    { zone: 'Pacific/Auckland', startsAt: '2026-11-20T11:00:00Z', day: '2026-11-21' },
  ])('puts $startsAt on $day in $zone', async ({ zone, startsAt, day }) => {
    const { globex } = world;
    await setTimeZone(world, globex, zone);
    const endsAt = new Date(Date.parse(startsAt) + 3_600_000).toISOString();
    const answer = await createShift(world, globex.people.manager, { siteId: siteOf(globex), startsAt, endsAt });
    expect(answer.shift.day).toBe(day);
  });

  it.each([
    { what: 'inside', span: hours(10, 11) },
    { what: 'around', span: hours(6, 20) },
    { what: 'into its start', span: hours(7, 9) },
    { what: 'over its end', span: hours(15, 17) },
    { what: 'the same', span: hours(8, 16) },
  ])('refuses a shift that lies $what, and names the other', async ({ span }) => {
    const { manager } = world.acme.people;
    const person = await addPerson(world.acme);
    const input = { siteId: siteOf(world.acme), personId: person.globalId };
    await createShift(world, manager, { ...input, ...hours(8, 16) });
    const refused = await createShift(world, manager, { ...input, ...span, siteId: siteOf(world.acme, 'elsewhere') });
    expect(refused.__typename).toBe('ConflictError');
    expect(refused.message).toContain('2026-11-23 09:00 to 2026-11-23 17:00'); // as the clocks in Rome say
  });

  it('accepts shifts that touch, that overlap vacant ones, and those of others', async () => {
    const { manager } = world.acme.people;
    const [one, two] = [await addPerson(world.acme), await addPerson(world.acme)];
    const input = { siteId: siteOf(world.acme) };
    for (const more of [
      { personId: one.globalId, ...hours(8, 16) },
      { personId: one.globalId, ...hours(16, 20) },
      { personId: one.globalId, ...hours(4, 8) },
      { personId: two.globalId, ...hours(8, 16) },
      hours(8, 16),
    ]) {
      expect((await createShift(world, manager, { ...input, ...more })).__typename).toBe('CreateShiftPayload');
    }
  });

  it('finds a clash with a shift of 24 hours that began the day before', async () => {
    const { manager } = world.acme.people;
    const input = { siteId: siteOf(world.acme), personId: (await addPerson(world.acme)).globalId };
    const whole = { startsAt: '2026-11-22T16:00:00Z', endsAt: '2026-11-23T16:00:00Z' };
    expect((await createShift(world, manager, { ...input, ...whole })).__typename).toBe('CreateShiftPayload');
    expect((await createShift(world, manager, { ...input, ...hours(15, 17) })).__typename).toBe('ConflictError');
    expect((await createShift(world, manager, { ...input, ...hours(16, 17) })).__typename).toBe('CreateShiftPayload');
  });

  it('lets one of ten win when all plan the same person at once', async () => {
    const { manager } = world.acme.people;
    const person = await addPerson(world.acme);
    const input = { siteId: siteOf(world.acme), personId: person.globalId };
    const answers = await race(
      world,
      'shifts',
      Array.from(
        { length: 10 },
        (_, index) => () => createShift(world, manager, { ...input, ...hours(8 + (index % 3), 16) }),
      ),
    );
    expect(countByType(answers)).toEqual({ CreateShiftPayload: 1, ConflictError: 9 });
    const { rowCount } = await world.database.owner.query('SELECT FROM shifts WHERE person_id = $1', [person.id]);
    expect(rowCount).toBe(1);
  });

  it('refuses by the name of the field what it cannot plan', async () => {
    const { manager } = world.acme.people;
    const closed = newId();
    await world.acme.session.write((trx) =>
      trx.insertInto('sites').values({ id: closed, name: 'Closed', code: 'CLOSED', active: false }).execute(),
    );
    const gone = await addPerson(world.acme);
    await world.database.owner.query('UPDATE people SET active = false WHERE id = $1', [gone.id]);
    const input = { siteId: siteOf(world.acme), ...hours(8, 16) };
    for (const [fields, wrong] of [
      ['endsAt', { endsAt: input.startsAt }],
      ['endsAt', { endsAt: '2026-11-24T08:00:00.001Z' }],
      ['startsAt', { startsAt: '0001-01-01T00:00:00Z', endsAt: '2026-11-24T08:00:00Z' }],
      ['siteId', { siteId: siteOf(world.globex) }],
      ['siteId', { siteId: encodeGlobalId('Site', closed) }],
      ['siteId', { siteId: teamOf(world.acme) }],
      ['siteId teamId', { siteId: siteOf(world.globex), teamId: teamOf(world.globex) }],
      ['personId', { personId: world.globex.people.member.globalId }],
      ['personId', { personId: gone.globalId }],
      ['role', { role: 'x'.repeat(201) }],
    ] as const) {
      const answer = await createShift(world, manager, { ...input, ...wrong });
      const named = answer.fields?.map(({ field }: { field: string }) => field) ?? [];
      expect(named.slice(0, fields.split(' ').length).join(' '), JSON.stringify(wrong)).toBe(fields);
    }
  });

  it('is for those with the permission, at the sites it reaches', async () => {
    const { agent, member } = world.acme.people;
    const input = { siteId: siteOf(world.acme), ...hours(8, 16) };
    for (const viewer of [agent, member])
      expect((await createShift(world, viewer, input)).__typename).toBe('ForbiddenError');
    const planner = await addPerson(world.acme, { role: 'agent' });
    await grant(world.acme, { person: planner, permission: 'rota:write', reach: 'sites' });
    expect((await createShift(world, planner, input)).__typename).toBe('CreateShiftPayload');
    const away = { ...input, siteId: siteOf(world.acme, 'elsewhere') };
    expect((await createShift(world, planner, away)).__typename).toBe('ForbiddenError');
    const ownAway = { ...away, personId: planner.globalId };
    expect((await createShift(world, planner, ownAway)).__typename).toBe('ForbiddenError');
    expect((await createShift(world, planner, { ...input, siteId: siteOf(world.globex) })).__typename).toBe(
      'ForbiddenError',
    );
  });
});
