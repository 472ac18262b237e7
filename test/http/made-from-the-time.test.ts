import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

let world: World;
let now = new Date();
beforeAll(async () => void (world = await createWorld({ now: () => now })));
afterAll(() => world.close());
beforeEach(async () => {
  await world.database.owner.query('DELETE FROM tickets');
  await world.database.owner.query('DELETE FROM jobs');
  for (const slug of ['acme', 'globex'] as const) await setTimeZone(world[slug], 'Europe/Rome');
});

const at = (time: string | number, plusMs = 0) => void (now = new Date(new Date(time).getTime() + plusMs));

async function setTimeZone({ id }: TestTenant, timeZone: string): Promise<void> {
  await world.database.owner.query('UPDATE tenants SET time_zone = $2 WHERE id = $1', [id, timeZone]);
}

let numbers = 0;
async function addTicket(tenant: TestTenant, times: { created_at?: Date; due_at?: Date }): Promise<string> {
  const id = newId();
  await tenant.session.write((trx) =>
    trx
      .insertInto('tickets')
      .values({ id, number: (numbers += 1), title: 'T', site_id: tenant.sites.here, ...times })
      .execute(),
  );
  return id;
}

/** What it answers, and how: HIT, MISS, … */
async function ask(query: string, { people }: TestTenant = world.acme) {
  const { data, errors, extensions } = await world.ask(people.admin.token, query);
  expect(errors).toBeUndefined();
  return { data, status: (extensions?.['cache'] as { status?: string } | undefined)?.status };
}

/** Asks until it is answered from the cache: an operation that is new is learned first. */
async function warm(query: string, tenant = world.acme) {
  for (let turn = 0; turn < 3; turn += 1) {
    const answer = await ask(query, tenant);
    if (answer.status === 'HIT') return answer.data;
  }
  throw new Error(`Never a hit: ${query}`);
}

describe('the day of a tenant', () => {
  const counts = '{ dashboard { tickets { createdToday } } ticketStatistics(days: 7) { trend { day opened } } }';
  const seen = ({ data }: { data: any }) => ({
    today: data.dashboard.tickets.createdToday,
    trend: data.ticketStatistics.trend.at(-1),
  });

  it.each([
    ['Asia/Kathmandu', '2026-11-20T18:15:00Z', '2026-11-20'],
    ['Pacific/Chatham', '2026-11-20T10:15:00Z', '2026-11-20'],
    ['UTC', '2026-11-21T00:00:00Z', '2026-11-20'],
    // Days of 23 and of 25 hours.
    ['Europe/Rome', '2026-03-29T22:00:00Z', '2026-03-29'],
    ['Europe/Rome', '2026-10-25T23:00:00Z', '2026-10-25'],
    ['Pacific/Chatham', '2026-04-05T11:15:00Z', '2026-04-05'],
    // Midnight is skipped, so the day begins at one o'clock.
    ['Africa/Cairo', '2026-04-23T22:00:00Z', '2026-04-23'],
  ])('ends in %s at %s: until then it is a hit, then a new answer', async (timeZone, midnight, day) => {
    await setTimeZone(world.globex, timeZone);
    await addTicket(world.globex, { created_at: new Date(Date.parse(midnight) - 1) });
    await addTicket(world.globex, { created_at: new Date(Date.parse(midnight) - 3_600_000) });
    await addTicket(world.globex, { created_at: new Date(midnight) });
    at(midnight, -60_000);
    expect(seen({ data: await warm(counts, world.globex) })).toEqual({ today: 2, trend: { day, opened: 2 } });
    at(midnight, -1);
    expect(await ask(counts, world.globex)).toMatchObject({
      status: 'HIT',
      data: { dashboard: { tickets: { createdToday: 2 } } },
    });
    at(midnight);
    const next = await ask(counts, world.globex);
    const tomorrow = new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);
    expect([next.status, seen(next)]).toEqual(['MISS', { today: 1, trend: { day: tomorrow, opened: 1 } }]);
    // Whoever's clock is behind, or was set back, is not given the next day's answer.
    at(midnight, -1);
    const before = await ask(counts, world.globex);
    expect([before.status, seen(before)]).toEqual(['MISS', { today: 2, trend: { day, opened: 2 } }]);
  });

  it('of one tenant is not that of another', async () => {
    await setTimeZone(world.globex, 'Pacific/Chatham');
    for (const tenant of [world.acme, world.globex]) {
      await addTicket(tenant, { created_at: new Date('2026-11-20T10:00:00Z') });
    }
    at('2026-11-20T10:14:59Z');
    await Promise.all([warm(counts), warm(counts, world.globex)]);
    at('2026-11-20T10:15:00Z');
    expect(await ask(counts)).toMatchObject({ status: 'HIT' });
    expect(seen(await ask(counts, world.globex)).today).toBe(0);
  });

  it('that was asked for by its date does not end', async () => {
    await addTicket(world.acme, { created_at: new Date('2026-11-20T10:00:00Z') });
    const query = '{ dashboard(date: "2026-11-20") { tickets { createdToday } attendance { present } } }';
    at('2026-11-20T22:59:59Z');
    await warm(query);
    at('2026-11-20T23:10:00Z');
    expect(await ask(query)).toMatchObject({ status: 'HIT', data: { dashboard: { tickets: { createdToday: 1 } } } });
  });

  it('decides which days are recent, and which month is running', async () => {
    const { admin } = world.acme.people;
    await world.database.owner.query(
      `INSERT INTO attendance (tenant_id, id, person_id, day, status) SELECT $1, gen_random_uuid(), $2, day, 'ABSENT'
         FROM generate_series('2026-11-28'::date, '2026-12-01', '1 day') AS day`,
      [world.acme.id, admin.id],
    );
    const query = '{ recentAttendance(days: 2) { day } monthlyTrends(months: 1) { month } }';
    at('2026-11-30T22:59:59.999Z');
    expect(await warm(query)).toEqual({
      recentAttendance: [{ day: '2026-11-30' }, { day: '2026-11-29' }],
      monthlyTrends: [{ month: '2026-11' }],
    });
    at('2026-11-30T23:00:00Z');
    expect(await ask(query)).toEqual({
      status: 'MISS',
      data: { recentAttendance: [{ day: '2026-12-01' }, { day: '2026-11-30' }], monthlyTrends: [{ month: '2026-12' }] },
    });
  });
});

describe('what is past due', () => {
  const due = Date.parse('2026-11-20T12:00:00.500Z');

  it.each([
    ['dashboard', '{ dashboard { tickets { overdue } } }', (data: any) => data.dashboard.tickets.overdue],
    ['statistics', '{ ticketStatistics(days: 30) { slaBreaches } }', (data: any) => data.ticketStatistics.slaBreaches],
    [
      'list',
      '{ tickets { edges { node { overdue } } } }',
      (data: any) => data.tickets.edges.filter(({ node }: any) => node.overdue).length,
    ],
    ['filter', '{ tickets(filter: { overdue: true }) { totalCount } }', (data: any) => data.tickets.totalCount],
    [
      'negative filter',
      '{ tickets(filter: { overdue: false, status: [NEW] }) { totalCount } }',
      (data: any) => 2 - data.tickets.totalCount,
    ],
  ])('is counted by the %s from the millisecond on in which it is, without any change', async (_what, query, count) => {
    for (const ms of [due, due + 2_000]) await addTicket(world.acme, { due_at: new Date(ms) });
    const steps = [
      [due - 200_000, 0],
      [due - 120_000, 0],
      [due, 0],
      [due + 1, 1],
      [due + 2_000, 1],
      [due + 2_001, 2],
      [due + 90_000, 2],
    ] as const;
    for (const [index, [time, expected]] of steps.entries()) {
      at(time);
      const { data, status } = await ask(query);
      expect(count(data), new Date(time).toISOString()).toBe(expected);
      // A hit exactly where the figure is what it was.
      if (index === 0) await warm(query);
      else expect(status, new Date(time).toISOString()).toBe(expected === steps[index - 1]?.[1] ? 'HIT' : 'MISS');
    }
  });

  it('is told in time by an answer that was made of figures which were found', async () => {
    await addTicket(world.acme, { due_at: new Date(due) });
    at(due - 1000);
    await warm('{ dashboard { tickets { overdue } } }');
    const query = '{ dashboard { tickets { overdue open } } }';
    expect(await warm(query)).toEqual({ dashboard: { tickets: { overdue: 0, open: 1 } } });
    at(due);
    expect((await ask(query)).status).toBe('HIT');
    at(due + 1);
    expect(await ask(query)).toEqual({ status: 'MISS', data: { dashboard: { tickets: { overdue: 1, open: 1 } } } });
  });

  it('is not told to those whose clock has been set back', async () => {
    await addTicket(world.acme, { due_at: new Date(due) });
    const query = '{ dashboard { tickets { overdue } } tickets { edges { node { overdue } } } }';
    const seen = (overdue: number) => ({
      dashboard: { tickets: { overdue } },
      tickets: { edges: [{ node: { overdue: overdue === 1 } }] },
    });
    at(due + 1000);
    expect(await warm(query)).toEqual(seen(1));
    at(due);
    expect(await ask(query)).toEqual({ status: 'MISS', data: seen(0) });
    at(due + 1);
    expect(await ask(query)).toEqual({ status: 'MISS', data: seen(1) });
  });

  it('goes for jobs as for tickets: on the day, in a list, one by one', async () => {
    const job = { title: 'J', site_id: world.acme.sites.here, scheduled_for: new Date(due - 1000) };
    await world.acme.session.write((trx) =>
      trx
        .insertInto('jobs')
        .values([due, due + 2_000].map((ms) => ({ ...job, id: newId(), due_at: new Date(ms) })))
        .execute(),
    );
    const query =
      '{ dashboard { jobs { scheduled missed } } jobs { edges { node { missed } } } is: jobs(filter: { missed: true }) { totalCount } }';
    for (const [time, missed, status] of [
      [due - 100, 0, 'MISS'],
      [due, 0, 'HIT'],
      [due + 1, 1, 'MISS'],
      [due + 2_000, 1, 'HIT'],
      [due + 2_001, 2, 'MISS'],
      [due + 200_000, 2, 'HIT'],
    ] as const) {
      at(time);
      const { data, status: seen } = await ask(query);
      expect(data.dashboard.jobs).toEqual({ scheduled: 2, missed });
      expect(data.jobs.edges.filter(({ node }: any) => node.missed)).toHaveLength(missed);
      expect(data.is.totalCount).toBe(missed);
      if (time >= due) expect(seen, new Date(time).toISOString()).toBe(status);
      else await warm(query);
    }
  });

  it('of a past day is what it was at its end, whatever the time', async () => {
    await addTicket(world.acme, { due_at: new Date('2026-11-18T10:00:00Z') });
    await addTicket(world.acme, { due_at: new Date('2026-11-20T10:00:00Z') });
    const query = '{ dashboard(date: "2026-11-18") { tickets { overdue } jobs { missed } } }';
    at('2026-11-20T09:59:50Z');
    expect(await warm(query)).toEqual({ dashboard: { tickets: { overdue: 1 }, jobs: { missed: 0 } } });
    at('2026-11-20T10:05:00Z');
    expect(await ask(query)).toMatchObject({ status: 'HIT' });
  });
});

it('what is not made from the time lasts for as long as its policy says', async () => {
  const id = encodeGlobalId('Ticket', await addTicket(world.acme, { due_at: new Date('2026-11-20T10:00:30Z') }));
  const query = `{ ticket(id: "${id}") { title status dueAt } tickets(filter: { status: [NEW] }) { totalCount } jobs { totalCount } }`;
  at('2026-11-20T10:00:00Z');
  await warm(query);
  at('2026-11-20T10:04:59Z'); // its due time has passed, and four minutes have ended
  expect((await ask(query)).status).toBe('HIT');
});

it('a figure that has lost its day is made anew alone: the others of the dashboard are still good', async () => {
  const query =
    '{ dashboard { tickets { open createdToday } assets { total } people { active } attendance { present } } }';
  at('2026-11-20T22:59:00Z');
  await warm(query);
  at('2026-11-20T23:00:00Z');
  const { forAnswer, result } = await countStatements(() => ask(query));
  expect(result.status).toBe('MISS');
  expect(forAnswer).toHaveLength(1);
  expect(forAnswer[0]).toMatch(/"attendance"/);
  expect(forAnswer[0]).not.toMatch(/"assets"|"people"|unassigned/);
});
