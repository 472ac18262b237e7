import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertFiguresData, laterDay, localDay, type FiguresData } from '../support/figures-data.ts';
import { createWorld, type World } from '../support/world.ts';

// Still October in Rome, November already in Auckland; both changed their clocks within the last 90 days.
const now = new Date('2026-10-31T12:30:00.000Z');
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const zones = { acme: 'Europe/Rome', globex: 'Pacific/Auckland' } as const;

let world: World;
const data = {} as Record<keyof typeof zones, FiguresData>;
beforeAll(async () => {
  world = await createWorld({ now: () => now });
  for (const slug of ['acme', 'globex'] as const) {
    data[slug] = await insertFiguresData({ world, tenant: world[slug], timeZone: zones[slug], now, seed });
  }
});
afterAll(() => world.close());

const statistics = /* GraphQL */ `
  query ($days: Int!) {
    ticketStatistics(days: $days) {
      opened
      closed
      meanResolutionHours
      slaBreaches
      bySource {
        key
        label
        count
      }
      byCategory {
        key
        label
        count
      }
      byAgent {
        key
        count
        closed
        person {
          id
          name
        }
      }
      trend {
        day
        opened
        closed
      }
    }
  }
`;

const trends = /* GraphQL */ `
  query ($months: Int) {
    monthlyTrends(months: $months) {
      month
      ticketsOpened
      ticketsClosed
      attendanceRate
    }
  }
`;

describe.each(['acme', 'globex'] as const)(`statistics of %s (SEED=${seed})`, (slug) => {
  it.each([7, 30, 90, 365])('counts over %i days what a count by hand counts', async (days) => {
    for (const [role, sites] of [
      ['admin', null],
      ['agent', [world[slug].sites.here]],
    ] as const) {
      const answer = await world.ask(world[slug].people[role].token, statistics, { variables: { days } });
      expect(answer.errors).toBeUndefined();
      const { meanResolutionHours, byAgent, ...counts } = answer.data.ticketStatistics;
      const expected = statisticsByHand(data[slug], days, sites);
      expect(counts).toEqual(expected.counts);
      if (expected.meanResolutionHours === null) expect(meanResolutionHours).toBeNull();
      else expect(meanResolutionHours).toBeCloseTo(expected.meanResolutionHours, 6);
      const agents = byAgent.map(({ key, count, closed }: any) => ({ key, count, closed }));
      expect(new Set(agents)).toEqual(new Set(expected.byAgent));
      for (const { key, person } of byAgent) expect(person?.id ?? 'none').toBe(key);
    }
  });

  it.each([1, 2, 12, 14, 36])('counts over %i months what a count by hand counts', async (months) => {
    for (const [role, sites] of [
      ['manager', null],
      ['agent', [world[slug].sites.here]],
    ] as const) {
      const answer = await world.ask(world[slug].people[role].token, trends, { variables: { months } });
      expect(answer.data.monthlyTrends).toEqual(trendsByHand(data[slug], months, sites));
    }
  });
});

it('shows twelve months unless it is told otherwise, the last one being that of the tenant', async () => {
  const last = async (slug: keyof typeof zones) =>
    (await world.ask(world[slug].people.admin.token, trends)).data.monthlyTrends;
  expect(await last('acme')).toHaveLength(12);
  expect((await last('acme')).at(-1).month).toBe('2026-10');
  expect((await last('globex')).at(-1).month).toBe('2026-11');
});

it.each([0, 1, 8, -7, 366])('refuses a window of %i days, naming those it knows', async (days) => {
  const { errors } = await world.ask(world.acme.people.admin.token, statistics, { variables: { days } });
  expect(errors?.[0]).toMatchObject({
    message: 'days: Send 7, 30, 90 or 365.',
    extensions: { code: 'BAD_USER_INPUT', fields: [{ field: 'days' }] },
  });
});

it.each([0, -1, 37])('refuses %i months', async (months) => {
  const { errors } = await world.ask(world.acme.people.admin.token, trends, { variables: { months } });
  expect(errors?.[0]).toMatchObject({
    message: expect.stringContaining('1 to 36'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});

it('is refused to members', async () => {
  const { token } = world.acme.people.member;
  for (const query of ['{ ticketStatistics(days: 7) { opened } }', '{ monthlyTrends { month } }']) {
    const { data: answer, errors } = await world.ask(token, query);
    expect(Object.values(answer)).toEqual([null]);
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  }
});

it('takes two statements with the people of every agent, and trends take one, beside that of the viewer', async () => {
  const headers = { 'cache-control': 'no-cache' };
  const { admin } = world.acme.people;
  const all = await countStatements(() => world.ask(admin.token, statistics, { variables: { days: 365 }, headers }));
  expect(all.result.data.ticketStatistics.byAgent.length).toBeGreaterThan(3);
  expect(all.forAnswer).toHaveLength(2);
  expect((await countStatements(() => world.ask(admin.token, trends, { headers }))).forAnswer).toHaveLength(1);
});

function scoped({ tickets, attendance }: FiguresData, sites: readonly string[] | null) {
  const inScope = (row: { site_id: string | null }) => !sites || (row.site_id !== null && sites.includes(row.site_id));
  return { tickets: tickets.filter(inScope), attendance: attendance.filter(inScope) };
}

function statisticsByHand(all: FiguresData, days: number, sites: readonly string[] | null) {
  const { timeZone, categories } = all;
  const { tickets } = scoped(all, sites);
  const today = localDay(now, timeZone);
  const window = Array.from({ length: days }, (_, index) => laterDay(today, index + 1 - days));
  const inWindow = new Set(window);
  const dayOf = (instant: Date | null) => (instant === null ? '' : localDay(instant, timeZone));
  const opened = tickets.filter((ticket) => inWindow.has(dayOf(ticket.created_at)));
  const closed = tickets.filter((ticket) => inWindow.has(dayOf(ticket.closed_at)));
  const hours = closed.map(
    ({ resolved_at: resolved, closed_at: end, created_at: start }) =>
      ((resolved ?? end ?? start).getTime() - start.getTime()) / 3_600_000,
  );
  const agents = [...new Set([...opened, ...closed].map((ticket) => ticket.assignee_id))];
  return {
    counts: {
      opened: opened.length,
      closed: closed.length,
      slaBreaches: tickets.filter(({ due_at: due, resolved_at: resolved, closed_at: end }) => {
        const done = resolved ?? end;
        return due !== null && due < now && inWindow.has(dayOf(due)) && (done === null || done > due);
      }).length,
      bySource: ['PORTAL', 'EMAIL', 'PHONE', 'CHAT', 'MONITORING', 'IMPORT'].map((key) => ({
        key,
        label: `${key[0]}${key.slice(1).toLowerCase()}`,
        count: opened.filter((ticket) => ticket.source === key).length,
      })),
      byCategory: [...categories, { id: null, key: 'none', label: 'No category' }]
        .map(({ id, key, label }) => ({ key, label, count: opened.filter((row) => row.category_id === id).length }))
        .filter(({ count }) => count > 0)
        .toSorted((one, other) => other.count - one.count || (one.key < other.key ? -1 : 1)),
      trend: window.map((day) => ({
        day,
        opened: tickets.filter((ticket) => dayOf(ticket.created_at) === day).length,
        closed: tickets.filter((ticket) => dayOf(ticket.closed_at) === day).length,
      })),
    },
    meanResolutionHours: hours.length === 0 ? null : hours.reduce((sum, each) => sum + each, 0) / hours.length,
    byAgent: agents.map((id) => ({
      key: id ? encodeGlobalId('Person', id) : 'none',
      count: opened.filter((ticket) => ticket.assignee_id === id).length,
      closed: closed.filter((ticket) => ticket.assignee_id === id).length,
    })),
  };
}

function trendsByHand(all: FiguresData, months: number, sites: readonly string[] | null) {
  const { tickets, attendance } = scoped(all, sites);
  const monthOf = (instant: Date | null) => (instant === null ? '' : localDay(instant, all.timeZone).slice(0, 7));
  const [year = 0, month = 0] = monthOf(now).split('-').map(Number);
  return Array.from({ length: months }, (_, index) => {
    const name = new Date(Date.UTC(year, month - 1 - (months - 1 - index), 1)).toISOString().slice(0, 7);
    const days = attendance.filter(({ day }) => day.startsWith(name));
    const came = days.filter(({ status }) => status === 'PRESENT' || status === 'LATE').length;
    const expected = came + days.filter(({ status }) => status === 'ABSENT').length;
    return {
      month: name,
      ticketsOpened: tickets.filter((ticket) => monthOf(ticket.created_at) === name).length,
      ticketsClosed: tickets.filter((ticket) => monthOf(ticket.closed_at) === name).length,
      attendanceRate: expected === 0 ? null : came / expected,
    };
  });
}
