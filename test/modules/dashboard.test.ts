import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertFiguresData, laterDay, localDay, startOfLocalDay, type FiguresData } from '../support/figures-data.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

// Rome set its clocks back on this day, at an instant that was already the next day in Auckland.
const lastNow = new Date('2026-10-25T22:59:00.000Z');
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const zones = { acme: 'Europe/Rome', globex: 'Pacific/Auckland' } as const;

let world: World;
let now = lastNow;
const data = {} as Record<keyof typeof zones, FiguresData>;
beforeAll(async () => {
  world = await createWorld({ now: () => now });
  for (const slug of ['acme', 'globex'] as const) {
    data[slug] = await insertFiguresData({ world, tenant: world[slug], timeZone: zones[slug], now: lastNow, seed });
  }
});
beforeEach(() => void (now = lastNow));
afterAll(() => world.close());

const everything = /* GraphQL */ `
  query ($siteId: ID, $date: Date) {
    dashboard(siteId: $siteId, date: $date) {
      tickets {
        open
        overdue
        unassigned
        createdToday
        closedToday
        byStatus {
          key
          count
        }
        byPriority {
          key
          count
        }
        byCategory {
          key
          label
          count
        }
      }
      attendance {
        present
        late
        absent
        onLeave
        rate
      }
      shifts {
        total
        staffed
        vacant
      }
      assets {
        total
        byStatus {
          key
          count
        }
      }
      jobs {
        scheduled
        completed
        missed
      }
      people {
        active
      }
    }
  }
`;

describe.each(['acme', 'globex'] as const)(`the dashboard of %s (SEED=${seed})`, (slug) => {
  const today = localDay(lastNow, zones[slug]);
  const days = [0, -1, -2, -7, -28, -29, -200, 1].map((offset) => laterDay(today, offset));

  it.each([null, ...days])('counts what a count by hand counts, for the day %s', async (date) => {
    const { data: answer, errors } = await world.ask(world[slug].people.admin.token, everything, {
      variables: { date },
    });
    expect(errors).toBeUndefined();
    expect(answer.dashboard).toEqual(countByHand(data[slug], { day: date ?? today, sites: null }));
  });

  it('counts one site', async () => {
    const { here, elsewhere } = world[slug].sites;
    for (const site of [here, elsewhere]) {
      const variables = { siteId: encodeGlobalId('Site', site), date: days[1] };
      const { data: answer } = await world.ask(world[slug].people.manager.token, everything, { variables });
      expect(answer.dashboard).toEqual(countByHand(data[slug], { day: days[1] ?? '', sites: [site] }));
    }
  });

  it("counts an agent's own sites only, asked for or not", async () => {
    const { people, sites } = world[slug];
    const expected = countByHand(data[slug], { day: today, sites: [sites.here] });
    for (const siteId of [undefined, encodeGlobalId('Site', sites.here)]) {
      const { data: answer } = await world.ask(people.agent.token, everything, { variables: { siteId } });
      expect(answer.dashboard).toEqual(expected);
    }
  });

  it('takes today from the time zone of the tenant, to the millisecond', async () => {
    const midnight = startOfLocalDay(today, zones[slug]).getTime();
    for (const [instant, day] of [
      [midnight - 1, laterDay(today, -1)],
      [midnight, today],
    ] as const) {
      now = new Date(instant);
      const headers = { 'cache-control': 'no-cache' }; // else yesterday's may be served for a minute, marked STALE
      const { data: answer } = await world.ask(world[slug].people.admin.token, everything, { headers });
      expect(answer.dashboard).toEqual(countByHand(data[slug], { day, sites: null }));
    }
  });
});

describe('who may see a dashboard', () => {
  const askFor = (tenant: TestTenant, role: keyof TestTenant['people'], siteId: string) =>
    world.ask(tenant.people[role].token, everything, { variables: { siteId } });

  it('refuses a site out of reach, and knows no site of another tenant', async () => {
    const { acme, globex } = world;
    const elsewhere = await askFor(acme, 'agent', encodeGlobalId('Site', acme.sites.elsewhere));
    expect(elsewhere).toMatchObject({ data: { dashboard: null }, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    for (const role of ['admin', 'agent'] as const) {
      for (const siteId of [globex.sites.here, newId()]) {
        const unknown = await askFor(acme, role, encodeGlobalId('Site', siteId));
        expect(unknown).toMatchObject({ data: { dashboard: null }, errors: [{ extensions: { code: 'NOT_FOUND' } }] });
      }
    }
  });

  it('refuses members', async () => {
    const { data: answer, errors } = await world.ask(world.acme.people.member.token, everything);
    expect(answer.dashboard).toBeNull();
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });

  it('refuses those without a token', async () => {
    const { errors } = await world.ask(null, everything);
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });

  it('shows nothing where an agent has no site', async () => {
    const { agent } = world.acme.people;
    await world.database.owner.query('UPDATE people SET site_id = NULL WHERE id = $1', [agent.id]);
    const { data: answer } = await world.ask(agent.token, everything);
    await world.database.owner.query('UPDATE people SET site_id = $2 WHERE id = $1', [agent.id, world.acme.sites.here]);
    expect(answer.dashboard).toMatchObject({ tickets: { open: 0 }, attendance: { rate: null }, people: { active: 0 } });
  });

  it.each([
    ['an id of another type', { siteId: encodeGlobalId('Person', newId()) }, /siteId: .*Site/],
    ['a day that is none', { date: '2026-02-30' }, /"\$date" .*Send a day of the calendar/],
    ['a year before any', { date: '0000-01-01' }, /date: .*1900/],
  ])('says what is wrong with %s', async (_, variables, name) => {
    const { errors } = await world.ask(world.acme.people.admin.token, everything, { variables });
    expect(errors?.[0]).toMatchObject({ message: expect.stringMatching(name), extensions: { code: 'BAD_USER_INPUT' } });
  });
});

describe('what a dashboard costs', () => {
  const siteId = () => encodeGlobalId('Site', world.acme.sites.here);

  const headers = { 'cache-control': 'no-cache' };

  it('takes one statement beside that of the viewer, two with a site to look up', async () => {
    const { admin } = world.acme.people;
    const whole = await countStatements(() => world.ask(admin.token, everything, { headers }));
    expect(whole.result.errors).toBeUndefined();
    expect(whole.forAnswer, whole.forAnswer.join('\n')).toHaveLength(1);
    const site = await countStatements(() =>
      world.ask(admin.token, everything, { variables: { siteId: siteId() }, headers }),
    );
    expect(site.forAnswer).toHaveLength(2);
  });

  it('takes one statement for many dashboards at once', async () => {
    const query = `{ ${[1, 2, 3]
      .map((day) => `day${day}: dashboard(date: "2026-10-0${day}") { tickets { createdToday } attendance { rate } }`)
      .join(' ')} ticketStatistics(days: 7) { opened } }`;
    const { admin } = world.acme.people;
    const { forAnswer, result } = await countStatements(() => world.ask(admin.token, query, { headers }));
    expect(result.errors).toBeUndefined();
    expect(forAnswer).toHaveLength(1);
  });

  it('computes nothing that is not selected', async () => {
    const tables = ['tickets', 'attendance', 'shifts', 'assets', 'jobs', 'people', 'choices'];
    for (const [selection, used] of [
      ['people { active }', ['people']],
      ['jobs { missed }', ['jobs']],
      ['tickets { closedToday }', ['tickets']],
      ['tickets { byCategory { label } }', ['tickets', 'choices']],
      ['__typename', []],
    ] as const) {
      const { statements } = await countStatements(() =>
        world.ask(world.acme.people.admin.token, `{ dashboard { ${selection} } }`, { headers }),
      );
      const [figures = ''] = statements.filter((text) => text.includes('figure_0'));
      expect(tables.filter((table) => figures.includes(`"${table}"`)).toSorted()).toEqual([...used].toSorted());
    }
  });
});

function countByHand(all: FiguresData, { day, sites }: { day: string; sites: string[] | null }) {
  const { timeZone, categories } = all;
  const inScope = (row: { site_id: string | null }) => !sites || (row.site_id !== null && sites.includes(row.site_id));
  const isOnDay = (instant: Date | null) => instant !== null && localDay(instant, timeZone) === day;
  const tickets = all.tickets.filter(inScope);
  const open = tickets.filter(({ status }) => status !== 'CLOSED');
  const closedToday = tickets.filter(({ closed_at: at }) => isOnDay(at));
  const came = all.attendance.filter((row) => inScope(row) && row.day === day);
  const [present, late, absent, onLeave] = (['PRESENT', 'LATE', 'ABSENT', 'ON_LEAVE'] as const).map(
    (status) => came.filter((row) => row.status === status).length,
  ) as [number, number, number, number];
  const shifts = all.shifts.filter((row) => inScope(row) && row.day === day);
  const assets = all.assets.filter(inScope);
  const jobs = all.jobs.filter((job) => inScope(job) && job.status !== 'CANCELLED' && isOnDay(job.scheduled_for));
  const countOf = <Row, Key extends string>(rows: Row[], keys: readonly Key[], keyOf: (row: Row) => Key) =>
    keys.map((key) => ({ key, count: rows.filter((row) => keyOf(row) === key).length }));
  return {
    tickets: {
      open: open.length,
      overdue: open.filter(
        ({ status, due_at: due }) =>
          status !== 'RESOLVED' && due !== null && due < now && localDay(due, timeZone) <= day,
      ).length,
      unassigned: open.filter((ticket) => ticket.assignee_id === null).length,
      createdToday: tickets.filter((ticket) => isOnDay(ticket.created_at)).length,
      closedToday: closedToday.length,
      byStatus: countOf(
        [...open, ...closedToday],
        ['NEW', 'IN_PROGRESS', 'WAITING', 'RESOLVED', 'CLOSED'],
        (row) => row.status,
      ),
      byPriority: countOf(open, ['LOW', 'NORMAL', 'HIGH', 'URGENT'], (row) => row.priority),
      byCategory: [...categories, { id: null, key: 'none', label: 'No category' }]
        .map(({ id, key, label }) => ({ key, label, count: open.filter((row) => row.category_id === id).length }))
        .filter(({ count }) => count > 0)
        .toSorted((one, other) => other.count - one.count || (one.key < other.key ? -1 : 1)),
    },
    attendance: {
      present,
      late,
      absent,
      onLeave,
      rate: present + late + absent === 0 ? null : (present + late) / (present + late + absent),
    },
    shifts: {
      total: shifts.length,
      staffed: shifts.filter((row) => row.person_id !== null).length,
      vacant: shifts.filter((row) => row.person_id === null).length,
    },
    assets: {
      total: assets.length,
      byStatus: countOf(assets, ['IN_STOCK', 'IN_USE', 'IN_REPAIR', 'RETIRED', 'LOST'], (row) => row.status),
    },
    jobs: {
      scheduled: jobs.length,
      completed: jobs.filter((job) => job.status === 'COMPLETED').length,
      missed: jobs.filter((job) => job.status === 'SCHEDULED' && job.due_at < now).length,
    },
    people: { active: all.people.filter((person) => inScope(person) && person.active).length },
  };
}
