import type pg from 'pg';
import { createApp, type App } from '../src/app/create-app.ts';
import { demoTokens } from '../src/app/demo-tokens.ts';
import { migrate } from '../src/db/migrate.ts';
import { createPool } from '../src/db/pool.ts';
import { createDice, type Dice } from '../src/seed/dice.ts';
import { seedTenant } from '../src/seed/seed-tenant.ts';
import { median } from './median.ts';
import { startTemporaryDatabase } from './temporary-database.ts';

// What keeping the values of fields saves: 50 different dashboard queries, with and without, on the same data.
// npm run bench:field-cache [tickets, 20000] [rounds, 3]
const [tickets = 20_000, rounds = 3] = process.argv.slice(2).map(Number);
const now = new Date('2026-11-20T09:00:00.000Z');
const tokens = {
  secret: 'a secret for benches only, long enough for HS256',
  jwksUrl: null,
  issuer: null,
  audience: null,
};

const leaves: Readonly<Record<string, readonly string[]>> = {
  tickets: [
    'open',
    'overdue',
    'unassigned',
    'createdToday',
    'closedToday',
    'byStatus { key count }',
    'byPriority { key count }',
    'byCategory { key label count }',
  ],
  attendance: ['present', 'late', 'absent', 'onLeave', 'rate'],
  shifts: ['total', 'staffed', 'vacant'],
  assets: ['total', 'byStatus { key count }'],
  jobs: ['scheduled', 'completed', 'missed'],
  people: ['active'],
};
const statistics = [
  'opened',
  'closed',
  'meanResolutionHours',
  'slaBreaches',
  'bySource { key count }',
  'byCategory { key count }',
  'byAgent { count closed person { name } }',
  'trend { day opened closed }',
];
const trends = ['ticketsOpened', 'ticketsClosed', 'attendanceRate'];

/** Different all of them: each has a name of its own, and nearly always a selection of its own. */
function fiftyQueries(dice: Dice): string[] {
  const some = (all: readonly string[]) => {
    const chosen = all.filter(() => dice.chance(0.4));
    return (chosen.length > 0 ? chosen : [dice.pick(all)]).join(' ');
  };
  return Array.from({ length: 50 }, (_, index) => {
    const sections = Object.entries(leaves).map(([name, fields]) => `${name} { ${some(fields)} }`);
    const parts = [`dashboard { ${some(sections)} }`];
    if (dice.chance(0.3)) parts.push(`ticketStatistics(days: ${dice.pick([7, 30])}) { ${some(statistics)} }`);
    if (dice.chance(0.2)) parts.push(`monthlyTrends { month ${some(trends)} }`);
    if (dice.chance(0.3)) parts.push('choices(kind: TICKET_CATEGORY) { key label }');
    if (dice.chance(0.3)) parts.push('viewer { person { name } unreadNotifications }');
    return `query Dashboard${index} { ${parts.join(' ')} }`;
  });
}

interface Cost {
  requests: number;
  statements: number;
  sqlMs: number;
}

interface Mix {
  name: string;
  /** Whose tokens. */
  askers: (people: People) => string[];
  /** How often each of them asks each query. */
  turns: number;
  /** A ticket changes after so many requests; 0: nothing ever does. */
  changeEvery: number;
}

type People = Record<'admin' | 'manager' | 'agent', string>;

const mixes: readonly Mix[] = [
  { name: 'one person, each query once', askers: ({ admin }) => [admin], turns: 1, changeEvery: 0 },
  { name: 'three people, each query once', askers: Object.values, turns: 1, changeEvery: 0 },
  { name: 'three people, a ticket changes every 25 requests', askers: Object.values, turns: 4, changeEvery: 25 },
  { name: 'three people, a ticket changes every 5 requests', askers: Object.values, turns: 4, changeEvery: 5 },
];

async function main(): Promise<void> {
  const database = await startTemporaryDatabase();
  const owner = createPool({
    connectionString: database.connectionString,
    role: null,
    max: 2,
    statementTimeoutMs: 0,
    onError: () => {},
  });
  try {
    await migrate(owner);
    const plan = { slug: 'acme', name: 'Acme', timeZone: 'Europe/Rome', people: 200, days: 365, seed: 1, until: now };
    await seedTenant({ operator: owner, plan: { ...plan, tickets } });
    console.log(`50 dashboard queries over ${tickets} tickets: what they ask of Postgres with values of fields kept,`);
    console.log(`and without; whole answers are kept either way. Medians of ${rounds} rounds.\n`);
    for (const mix of mixes) await report(mix, { owner, url: database.connectionString });
    await reportFigures({ owner, url: database.connectionString });
  } finally {
    await owner.end();
    await database.stop();
  }
}

interface Surroundings {
  owner: pg.Pool;
  url: string;
}

async function report(mix: Mix, surroundings: Surroundings): Promise<void> {
  const costs: { without: Cost; with: Cost }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const [first, second] = round % 2 ? [true, false] : [false, true];
    const one = await measure(mix, { ...surroundings, fields: first, seed: `${round}` });
    const other = await measure(mix, { ...surroundings, fields: second, seed: `${round}` });
    costs.push(first ? { with: one, without: other } : { with: other, without: one });
  }
  const saved = (of: (cost: Cost) => number) => {
    const shares = costs.map((cost) => 1 - of(cost.with) / of(cost.without));
    return `${(100 * median(shares)).toFixed(0)} %`;
  };
  const told = (of: (cost: Cost) => number) =>
    `${median(costs.map((cost) => of(cost.without))).toFixed(0)} -> ${median(costs.map((cost) => of(cost.with))).toFixed(0)}`;
  console.log(
    `${mix.name} (${costs[0]?.with.requests} requests): statements ${told(({ statements }) => statements)}, ` +
      `saved ${saved(({ statements }) => statements)}; SQL ms ${told(({ sqlMs }) => sqlMs)}, saved ${saved(({ sqlMs }) => sqlMs)}`,
  );
}

async function measure(
  { askers, turns, changeEvery }: Mix,
  { owner, url, fields, seed }: Surroundings & { fields: boolean; seed: string },
): Promise<Cost> {
  const server = await startServer({ owner, url, fields });
  try {
    const dice = createDice(seed);
    const queries = fiftyQueries(dice);
    const people = askers(server.people);
    for (const token of people) await ask(server.base, token, '{ viewer { permissions } }'); // who asks is known
    const requests = people.flatMap((token) =>
      queries.flatMap((query) => Array.from({ length: turns }, () => ({ token, query }))),
    );
    const cost: Cost = { requests: requests.length, statements: 0, sqlMs: 0 };
    for (const [index, { token, query }] of shuffled(requests, dice).entries()) {
      if (changeEvery > 0 && index % changeEvery === 0) await changeTicket(owner);
      const { statements, sqlMs } = await ask(server.base, token, query);
      cost.statements += statements;
      cost.sqlMs += sqlMs;
    }
    return cost;
  } finally {
    await server.app.close();
  }
}

/** What it costs to compute parts of the tickets of a dashboard, and all of them: by which grain to keep them. */
async function reportFigures(surroundings: Surroundings): Promise<void> {
  const { app, base, people } = await startServer({ ...surroundings, fields: true });
  const cost = async (selection: string) => {
    const times: number[] = [];
    for (let turn = 0; turn < 21; turn += 1) {
      const { sqlMs } = await ask(base, people.admin, `{ dashboard { ${selection} } }`, {
        'cache-control': 'no-store',
      });
      times.push(sqlMs);
    }
    return median(times);
  };
  try {
    const one = await cost('tickets { open }');
    console.log(`\nSQL of a dashboard that asks for tickets { open }: ${one.toFixed(1)} ms. As a multiple of that:`);
    const all = Object.entries(leaves).map(([name, parts]) => `${name} { ${parts.join(' ')} }`);
    for (const selection of [
      'tickets { open unassigned byStatus { count } byPriority { count } }',
      'tickets { overdue }',
      'tickets { byCategory { count } }',
      'tickets { createdToday closedToday }',
      ...all,
      all.join(' '),
    ]) {
      console.log(`  ${((await cost(selection)) / one).toFixed(1).padStart(5)}  ${selection.slice(0, 90)}`);
    }
  } finally {
    await app.close();
  }
}

interface Server {
  app: App;
  base: string;
  people: People;
}

async function startServer({ owner, url, fields }: Surroundings & { fields: boolean }): Promise<Server> {
  const app = createApp({ databaseUrl: url, tokens, now: () => now, cache: { fields } });
  const base = await app.listen(0);
  const found = await demoTokens({ operator: owner, pool: app.pool, tokens });
  const tokenOf = (role: string) => found.find(({ email }) => email === `${role}@acme.test`)?.token ?? '';
  return { app, base, people: { admin: tokenOf('admin'), manager: tokenOf('manager'), agent: tokenOf('agent') } };
}

/** What the answer says it has cost: data statements, and the time they took in milliseconds. */
async function ask(base: string, token: string, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
    body: JSON.stringify({ query }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  const cost = /sql;desc="(\d+) statements?";dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '');
  if (errors || !cost) throw new Error(`No answer to ${query}: ${JSON.stringify(errors)}`);
  return { statements: Number(cost[1]), sqlMs: Number(cost[2]) };
}

/** Somebody works on a ticket: all that counts tickets must be counted anew. */
async function changeTicket(owner: pg.Pool): Promise<void> {
  await owner.query(
    `UPDATE tickets SET version = version + 1 WHERE id = (SELECT id FROM tickets WHERE closed_at IS NULL ORDER BY random() LIMIT 1)`,
  );
}

function shuffled<Item>(items: readonly Item[], dice: Dice): Item[] {
  return items
    .map((item) => [dice.float(0, 1), item] as const)
    .toSorted(([one], [other]) => one - other)
    .map(([, item]) => item);
}

await main();
