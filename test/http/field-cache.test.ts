import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import type { CacheEvent } from '../../src/cache/index.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { createBlobs } from '../cache/node.ts';
import { addPerson } from '../support/add-person.ts';
import { askGraphql } from '../support/ask-graphql.ts';
import { countStatements } from '../support/count-statements.ts';
import { createDice } from '../support/dice.ts';
import { insertTickets } from '../support/tickets.ts';
import { createWorld, testNow, testTokens, type AskOptions, type TestTenant, type World } from '../support/world.ts';

let world: World;
const events: CacheEvent[] = [];
beforeAll(async () => {
  world = await createWorld();
  world.app.events.subscribe((event) => events.push(event));
  // Who asks is known from now on.
  for (const { people } of [world.acme, world.globex]) {
    for (const { token } of Object.values(people)) await world.ask(token, '{ viewer { roles { name } } }');
  }
});
afterAll(() => world.close());
/** Whatever was kept before a test is over. */
beforeEach(async () => {
  await world.database.owner.query(`UPDATE sites SET name = name || '.'`);
  for (const table of ['tickets', 'attendance', 'shifts', 'assets', 'jobs', 'people', 'choices']) {
    await world.database.owner.query(`UPDATE ${table} SET updated_at = updated_at`);
  }
  await addAll(world.acme);
  await addAll(world.globex);
  events.length = 0;
});

/** One more of everything that a dashboard counts. */
async function addAll(tenant: TestTenant): Promise<void> {
  await insertTickets(tenant, [{ due_at: new Date(testNow.getTime() - 1000) }]);
  await tenant.session.write(async (trx) => {
    const site_id = tenant.sites.here;
    const [id, later] = [newId(), new Date(testNow.getTime() + 3_600_000)];
    await trx.insertInto('assets').values({ id, name: 'A', tag: id, site_id }).execute();
    await trx.insertInto('jobs').values({ id, title: 'J', site_id, scheduled_for: testNow, due_at: later }).execute();
    await trx
      .insertInto('shifts')
      .values({ id, site_id, day: '2026-11-20', starts_at: testNow, ends_at: later })
      .execute();
    await trx.insertInto('choices').values({ id, kind: 'TICKET_CATEGORY', key: id, label: 'C' }).execute();
    await trx
      .insertInto('people')
      .values({ id: newId(), name: 'P', email: `${id}@x.test`, username: id, site_id })
      .execute();
    const person_id = newId();
    await trx
      .insertInto('people')
      .values({ id: person_id, name: 'Q', email: `${person_id}@x.test`, username: person_id, site_id })
      .execute();
    await trx
      .insertInto('attendance')
      .values({ id, person_id, site_id, day: '2026-11-20', status: 'ABSENT' })
      .execute();
  });
}

let named = 0;
/** An operation that nobody has asked before: whatever it is answered from, it is no answer that was kept whole. */
const anew = (selection: string) => `query Anew${(named += 1)} { ${selection} }`;

async function ask(token: string, selection: string, options: AskOptions = {}) {
  const { result, forAnswer } = await countStatements(() => world.ask(token, anew(selection), options));
  expect(result.errors).toBeUndefined();
  expect(result.extensions?.['cache']).toMatchObject({ status: 'MISS' });
  return { data: result.data, statements: forAnswer };
}

/** By operation; who asks is kept by itself. */
const stored = () =>
  events.flatMap((event) => (event.type === 'store' && event.operation !== 'viewer' ? [event.operation] : []));
const figures = () => stored().filter((operation) => operation.startsWith('figure '));
const kept = (operation: string) => stored().filter((one) => one === operation).length;

const tickets =
  '{ open overdue unassigned createdToday closedToday byStatus { count } byPriority { count } byCategory { count } }';
const sections: Record<string, string> = {
  tickets,
  attendance: '{ present late absent onLeave rate }',
  shifts: '{ total staffed vacant }',
  assets: '{ total byStatus { count } }',
  jobs: '{ scheduled completed missed }',
  people: '{ active }',
};
const whole = `dashboard { ${Object.entries(sections)
  .map(([name, selection]) => `${name} ${selection}`)
  .join(' ')} }`;

/** Ten ways to look at one dashboard. */
const selections = [
  'dashboard { tickets { open } }',
  'dashboard { tickets { open overdue byStatus { key count } } }',
  'dashboard { tickets { unassigned byPriority { key count } } people { active } }',
  'dashboard { attendance { present rate } }',
  'dashboard { attendance { absent late } shifts { vacant } }',
  'dashboard { jobs { missed } assets { total } }',
  'dashboard { jobs { scheduled completed } assets { byStatus { key count } } }',
  'dashboard { tickets { createdToday closedToday byCategory { key label count } } }',
  'dashboard { shifts { total staffed } people { active } tickets { byStatus { count } } }',
  whole,
];

describe('ten selections of one dashboard', () => {
  it('are computed once: by whoever asks for all of it first', async () => {
    const { token } = world.acme.people.admin;
    expect((await ask(token, whole)).statements).toHaveLength(1);
    const known = figures().toSorted();
    for (const selection of selections) {
      const { statements, data } = await ask(token, selection);
      expect(statements, selection).toEqual([]);
      expect(data).toEqual((await world.ask(token, `{ ${selection} }`, { headers: noStore })).data);
    }
    expect(figures().toSorted()).toEqual(known);
    expect(new Set(known).size).toBe(known.length);
  });

  it.each([1, 2, 3])('are computed once, figure by figure, in whatever order they are asked for (%i)', async (seed) => {
    const { token } = world.acme.people.admin;
    let computed = 0;
    for (const selection of createDice(seed).some(selections, 10)) {
      const { statements } = await ask(token, selection);
      expect(statements.length, selection).toBeLessThanOrEqual(1); // whatever is missing, at once
      computed += statements.join().match(/as "figure_/g)?.length ?? 0;
    }
    expect(figures()).toHaveLength(computed);
    expect(new Set(figures()).size).toBe(computed);
  });

  it('are computed once though they are asked for all at the same time', async () => {
    const { token } = world.acme.people.admin;
    const { result } = await countStatements(() =>
      Promise.all(selections.map((selection) => world.ask(token, anew(selection)))),
    );
    for (const [index, selection] of selections.entries()) {
      const { data } = await world.ask(token, `{ ${selection} }`, { headers: noStore });
      expect(result[index]?.data).toEqual(data);
    }
    expect(new Set(figures()).size).toBe(figures().length);
  });

  it('are computed anew only as far as something has changed', async () => {
    const { token } = world.acme.people.admin;
    await ask(token, whole);
    events.length = 0;
    const id = encodeGlobalId('Ticket', (await insertTickets(world.acme, [{}]))[0] ?? '');
    const after = await ask(token, whole);
    expect(after.statements).toHaveLength(1);
    expect(figures().toSorted()).toEqual(
      ['closedOnDay', 'createdOnDay', 'openByCategory', 'openTickets', 'overdueTickets'].map(
        (name) => `figure ${name}`,
      ),
    );
    // By a mutation as by SQL; and what was found still leads to the answer being refused later.
    await world.ask(token, `{ ${whole} }`);
    const change = `mutation { transitionTicket(input: { id: "${id}", status: CLOSED }) { __typename } }`;
    expect((await world.ask(token, change)).data.transitionTicket.__typename).toBe('TransitionTicketPayload');
    const { data } = await world.ask(token, `{ ${whole} }`);
    expect(data.dashboard.tickets).toMatchObject({ open: after.data.dashboard.tickets.open - 1, closedToday: 1 });
  });
});

const noStore = { 'cache-control': 'no-store' };
describe('what is kept of a dashboard', () => {
  it('is for all who may see the same, and for nobody else', async () => {
    const { admin, manager, agent } = world.acme.people;
    const here = encodeGlobalId('Site', world.acme.sites.here);
    await insertTickets(world.acme, [{ site_id: world.acme.sites.elsewhere }]);
    const all = await ask(admin.token, 'dashboard { tickets { open } }');
    expect(await ask(manager.token, 'dashboard { tickets { open } }')).toEqual({ data: all.data, statements: [] });
    const own = await ask(agent.token, 'dashboard { tickets { open } }');
    expect(own.statements).toHaveLength(1);
    expect(own.data.dashboard.tickets.open).toBeLessThan(all.data.dashboard.tickets.open);
    // One site is one site, whoever looks at it: only that there is such a site is looked up.
    const site = await ask(admin.token, `dashboard(siteId: "${here}") { tickets { open } }`);
    expect(site.data).toEqual(own.data);
    expect(site.statements.join()).not.toMatch(/figure_/);
    const foreign = await ask(world.globex.people.admin.token, 'dashboard { tickets { open } }');
    expect(foreign.statements).toHaveLength(1);
  });

  it('is nothing to those who may not see it', async () => {
    const { admin, member } = world.acme.people;
    await ask(admin.token, 'dashboard { tickets { open } } ticketStatistics(days: 7) { opened }');
    const { data, errors } = await world.ask(member.token, anew('dashboard { tickets { open } }'));
    expect([data.dashboard, errors?.[0]?.extensions?.code]).toEqual([null, 'FORBIDDEN']);
  });

  it('follows people when they are given or lose a site, at once', async () => {
    const { agent } = world.acme.people;
    const { owner } = world.database;
    await insertTickets(world.acme, [{ site_id: world.acme.sites.elsewhere }]);
    const before = await ask(agent.token, 'dashboard { tickets { open } }');
    await owner.query('INSERT INTO person_sites (tenant_id, person_id, site_id) VALUES ($1, $2, $3)', [
      world.acme.id,
      agent.id,
      world.acme.sites.elsewhere,
    ]);
    const { data } = await world.ask(agent.token, anew('dashboard { tickets { open } }'));
    expect(data.dashboard.tickets.open).toBeGreaterThan(before.data.dashboard.tickets.open);
    await owner.query('DELETE FROM person_sites WHERE person_id = $1', [agent.id]);
    expect((await world.ask(agent.token, anew('dashboard { tickets { open } }'))).data).toEqual(before.data);
  });

  it('is the same for a day by its date and for today, and another for another day', async () => {
    const { token } = world.acme.people.admin;
    await ask(token, 'dashboard { attendance { absent } assets { total } }');
    const selection = '{ attendance { absent } assets { total } }';
    expect((await ask(token, `dashboard(date: "2026-11-20") ${selection}`)).statements).toEqual([]);
    const before = await ask(token, `dashboard(date: "2026-11-19") ${selection}`);
    expect(before.statements).toHaveLength(1);
    expect(before.statements[0]).not.toMatch(/"assets"/); // whatever the day
  });
});

describe('statistics and trends', () => {
  it('are computed once, figure by figure, for every selection', async () => {
    const { token } = world.acme.people.admin;
    const parts = [
      'ticketStatistics(days: 30) { opened bySource { count } }',
      'ticketStatistics(days: 30) { closed meanResolutionHours slaBreaches }',
      'ticketStatistics(days: 30) { trend { day opened } byCategory { count } byAgent { count } }',
      'monthlyTrends { month ticketsOpened }',
      'monthlyTrends { ticketsClosed attendanceRate }',
    ];
    expect((await ask(token, parts.slice(0, 1).join(' '))).statements).toHaveLength(1);
    expect((await ask(token, parts.map((part, index) => `p${index}: ${part}`).join(' '))).statements).toHaveLength(1);
    for (const part of parts) expect((await ask(token, part)).statements, part).toEqual([]);
    expect(new Set(figures()).size).toBe(figures().length);
  });
});

describe('public and private parts of one query', () => {
  const query =
    'choices(kind: TICKET_CATEGORY) { key label } viewer { person { name } permissions unreadNotifications }';

  it('are kept by their own scopes: the shared one is made once for everybody', async () => {
    const { admin, agent, member } = world.acme.people;
    const answers = [];
    for (const { token } of [admin, agent, member, admin]) answers.push(await ask(token, query));
    const [first, second, third] = answers;
    const reads = (statements: string[] = []) => statements.filter((text) => text.includes('from "choices"')).length;
    expect(answers.map(({ statements }) => reads(statements))).toEqual([1, 0, 0, 0]);
    expect(kept('Query.choices')).toBe(1);
    expect(second?.data.choices).toEqual(first?.data.choices);
    expect([first, second, third].map((answer) => answer?.data.viewer.person.name)).toEqual([
      'admin of acme',
      'agent of acme',
      'member of acme',
    ]);
    const foreign = await ask(world.globex.people.admin.token, query);
    expect(reads(foreign.statements)).toBe(1);
  });

  it('depend on what they are made of, each: one change, and only that is made again', async () => {
    const { admin } = world.acme.people;
    await ask(admin.token, query);
    await world.database.owner.query(`UPDATE people SET name = name || '!' WHERE id = $1`, [admin.id]);
    const renamed = await world.ask(admin.token, anew(query));
    expect(renamed.data.viewer.person.name).toMatch(/!$/);
    expect(kept('Query.choices')).toBe(1);
    await world.database.owner.query(`UPDATE choices SET label = 'Printing' WHERE tenant_id = $1`, [world.acme.id]);
    const { data } = await world.ask(admin.token, anew(query));
    expect(data.choices[0].label).toBe('Printing');
    expect(kept('Query.choices')).toBe(2);
    await world.database.owner.query(`UPDATE people SET name = 'admin of acme' WHERE id = $1`, [admin.id]);
  });

  it('are private where they look at who asks', async () => {
    const { agent, member } = world.acme.people;
    const summary = 'attendanceSummary(year: 2026, month: 11) { person { name } present }';
    for (const { token } of [agent, member, agent]) await ask(token, summary);
    expect(kept('Query.attendanceSummary')).toBe(2);
    expect((await ask(member.token, summary)).data.attendanceSummary.person.name).toBe('member of acme');
    // Whatever is made of a private value is private, found or made.
    const [one, other] = [await addPerson(world.acme), await addPerson(world.acme)];
    const values = { id: newId(), person_id: other.id, day: '2026-10-01', status: 'ABSENT' } as const;
    await world.acme.session.write((trx) => trx.insertInto('attendance').values(values).execute());
    const october = 'attendanceSummary(year: 2026, month: 10) { absent }';
    await world.ask(one.token, anew(october));
    const text = anew(october);
    for (const [{ token }, absent] of [
      [one, 0],
      [one, 0],
      [other, 1],
      [one, 0],
    ] as const) {
      expect((await world.ask(token, text)).data).toEqual({ attendanceSummary: { absent } });
    }
  });
});

describe('what a request asks of the cache goes for its parts too', () => {
  const { acme } = { acme: () => world.acme.people.admin.token };

  it('no-cache: all of it is made afresh, and kept', async () => {
    await ask(acme(), whole);
    events.length = 0;
    const { statements } = await ask(acme(), whole, { headers: { 'cache-control': 'no-cache' } });
    expect(statements).toHaveLength(1);
    expect(figures().length).toBeGreaterThan(8);
    expect((await ask(acme(), whole)).statements).toEqual([]);
  });

  it('max-age=0: as no-cache', async () => {
    await ask(acme(), whole);
    expect((await ask(acme(), whole, { headers: { 'cache-control': 'max-age=0' } })).statements).toHaveLength(1);
    expect((await ask(acme(), whole, { headers: { 'cache-control': 'max-age=60' } })).statements).toEqual([]);
  });

  it('no-store: nothing is found, and nothing left', async () => {
    const answer = await countStatements(() => world.ask(acme(), anew(whole), { headers: noStore }));
    expect(answer.forAnswer).toHaveLength(1);
    expect(stored()).toEqual([]);
    expect((await ask(acme(), whole)).statements).toHaveLength(1);
    const again = await countStatements(() => world.ask(acme(), anew(whole), { headers: noStore }));
    expect(again.forAnswer).toHaveLength(1);
  });

  it('a query that is not kept itself is made of what is', async () => {
    await ask(acme(), whole);
    const query = `viewer { person { emergencyContact } } ${whole}`;
    const { forAnswer, result } = await countStatements(() => world.ask(acme(), anew(query)));
    expect(result.extensions?.['cache']).toMatchObject({ status: 'BYPASS' });
    expect(forAnswer.join()).not.toMatch(/figure_/);
  });
});

it('an answer is one snapshot, though part of it is found that was made after its data was read', async () => {
  const { admin, agent } = world.acme.people;
  const { owner } = world.database;
  const here = encodeGlobalId('Site', world.acme.sites.here);
  const query = `dashboard(siteId: "${here}") { tickets { open } } tickets(filter: { siteId: ["${here}"], status: [NEW] }) { totalCount }`;
  const text = anew(query); // the same each time, so that it is known what it depends on
  const { data: before } = await world.ask(admin.token, text);
  await owner.query(`UPDATE tickets SET title = title || '.'`);
  const gate = await owner.connect();
  try {
    // Whoever asks for a site waits here, with its snapshot taken; an agent's own sites need no look.
    await gate.query('BEGIN; LOCK TABLE sites IN ACCESS EXCLUSIVE MODE');
    const early = world.ask(admin.token, text);
    for (let waiting = 0; waiting === 0;) {
      const { rows } = await owner.query<{ count: number }>(
        `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      waiting = Number(rows[0]?.count);
    }
    await owner.query(
      `UPDATE tickets SET status = 'CLOSED', closed_at = now() WHERE id = (
         SELECT id FROM tickets WHERE tenant_id = $1 AND site_id = $2 AND closed_at IS NULL LIMIT 1)`,
      [world.acme.id, world.acme.sites.here],
    );
    const late = await ask(agent.token, 'dashboard { tickets { open } }');
    expect(late.data.dashboard.tickets.open).toBe(before.dashboard.tickets.open - 1);
    await gate.query('COMMIT');
    const { data } = await early;
    expect(data).toEqual(before);
  } finally {
    gate.release(true);
  }
  const { data } = await ask(admin.token, query);
  expect(data.dashboard.tickets.open).toBe(before.dashboard.tickets.open - 1);
  expect(data.tickets.totalCount).toBe(before.tickets.totalCount - 1);
});

describe('several nodes', () => {
  let nodes: { app: App; url: string }[] = [];
  let gets: number[] = [];
  beforeAll(async () => {
    const { blobs, ...store } = createBlobs();
    const shared = {
      ...store,
      async getMany(ids: readonly string[]) {
        gets.push(ids.length);
        return ids.map((id) => JSON.parse(blobs.get(id) ?? 'null'));
      },
    };
    nodes = await Promise.all(
      [1, 2].map(async () => {
        const cache = { store: shared };
        const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, cache });
        return { app, url: await app.listen(0) };
      }),
    );
  });
  afterAll(() => Promise.all(nodes.map(({ app }) => app.close())));
  beforeEach(() => void (gets = []));

  const askNode = async (node: number, selection: string) => {
    const { result, forAnswer } = await countStatements(() =>
      askGraphql(nodes[node]?.url ?? '')(world.acme.people.admin.token, anew(selection)),
    );
    expect(result.errors).toBeUndefined();
    return { data: result.data, statements: forAnswer };
  };

  it('share what either has made, asked for in one command', async () => {
    for (const node of [0, 1]) await askNode(node, 'viewer { permissions }');
    const made = await askNode(0, whole);
    gets = [];
    const found = await askNode(1, whole);
    expect(found).toEqual({ data: made.data, statements: [] });
    expect(gets).toHaveLength(1);
    expect(gets[0]).toBeGreaterThan(8);
    await insertTickets(world.acme, [{}]);
    const after = await askNode(1, whole);
    expect(after.data.dashboard.tickets.open).toBe(made.data.dashboard.tickets.open + 1);
    expect((await askNode(0, 'dashboard { tickets { open } }')).data.dashboard.tickets.open).toBe(
      made.data.dashboard.tickets.open + 1,
    );
  });
});
