import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { demoTokens } from '../src/app/demo-tokens.ts';
import { printSdl } from '../src/app/print-sdl.ts';
import { migrate } from '../src/db/migrate.ts';
import { createPool } from '../src/db/pool.ts';
import { seedDemo } from '../src/seed/seed-demo.ts';
import { ensureBuilt } from '../test/support/built-server.ts';
import { startScript, startServer, type Side } from './hits/sides.ts';
import { median } from './median.ts';
import { startTemporaryDatabase } from './temporary-database.ts';

// What a hit costs: the same two answers from this server, from Yoga with its response cache as documented, and from a
// bare node:http server that sends ready bytes, each in a process of its own, in turns.
// npm run bench:hits [rounds, 5] [seconds of each turn, 2] [connections, 64]
const [rounds = 5, seconds = 2, connections = 64] = process.argv.slice(2).map(Number);

const operations = {
  'list of tickets': `query TicketList {
    tickets(first: 50) {
      totalCount
      pageInfo { endCursor hasNextPage }
      edges { node { id number title status priority site { name } assignee { name } } }
    }
  }`,
  dashboard: `query Dashboard {
    dashboard {
      tickets { open overdue unassigned byStatus { key count } byPriority { key count } }
      attendance { present late absent } shifts { total } assets { total } jobs { scheduled } people { active }
    }
  }`,
};

interface Turn {
  perSecond: number;
  cpuMicros: number;
}

interface Load {
  body: string;
  headers: Record<string, string>;
  status: number;
}

async function main(): Promise<void> {
  ensureBuilt();
  const secret = randomBytes(48).toString('base64');
  const database = await startTemporaryDatabase();
  const owner = createPool({ connectionString: database.connectionString, role: null, max: 2, onError: () => {} });
  const sides: Record<string, Side> = {};
  try {
    await migrate(owner);
    await seedDemo({ operator: owner, now: new Date() });
    const tokens = { secret, jwksUrl: null, issuer: null, audience: null };
    const [admin] = await demoTokens({ operator: owner, pool: owner, tokens });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${admin?.token}` };
    const settings = { DATABASE_URL: database.connectionString, JWT_SECRET: secret, LOG_LEVEL: 'warn' };
    sides['strict'] = await startServer({ ...settings, CACHE_COHERENCE: 'strict' });
    sides['bounded'] = await startServer({ ...settings, CACHE_COHERENCE: 'bounded:1000' });

    // What the stock cache asks for beside what was asked, to find entities.
    const withIds = Object.values(operations).map((query) => query.replaceAll('{ name }', '{ id name }'));
    const known: unknown[] = [];
    for (const query of withIds) {
      const answer = await post(sides['strict'], { body: JSON.stringify({ query }), headers });
      known.push(((await answer.json()) as { data: unknown }).data);
    }
    const asked = Object.values(operations).map((query) => JSON.stringify({ query }));
    const answers: [string, string][] = [];
    for (const body of asked) answers.push([body, await (await post(sides['strict'], { body, headers })).text()]);
    sides['bare'] = await startScript('bare.mjs', { ANSWERS: JSON.stringify(answers) });
    sides['stock'] = await startScript('stock.mjs', { KNOWN: JSON.stringify(known), SDL: printSdl() });

    console.log(
      `${connections} connections, median of ${rounds} rounds of ${seconds} s; shares of a bare node:http server.`,
    );
    for (const [index, name] of Object.keys(operations).entries()) {
      const [body = '', answer = ''] = answers[index] ?? [];
      console.log(`\n${name}, ${answer.length} bytes`);
      await compare(sides, { body, headers, status: 200 });
      if (index > 0) continue;
      console.log(`${name}, 304 to those who have it`);
      await compare(sides, { body, headers, status: 304 });
    }
  } finally {
    for (const side of Object.values(sides)) await side.stop();
    await owner.end();
    await database.stop();
  }
}

async function compare(sides: Readonly<Record<string, Side>>, load: Load): Promise<void> {
  const turns: Record<string, Turn[]> = {};
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, side] of Object.entries(sides)) {
      const turn = await take(side, load);
      if (round >= 0) (turns[name] ??= []).push(turn); // the first is for warming up
    }
  }
  const bare = turns['bare'] ?? [];
  for (const [name, taken] of Object.entries(turns)) {
    const perSecond = taken.map((turn, index) => turn.perSecond / (bare[index]?.perSecond ?? Number.NaN));
    const cpu = taken.map((turn, index) => (bare[index]?.cpuMicros ?? Number.NaN) / turn.cpuMicros);
    const own = median(taken.map(({ cpuMicros }) => cpuMicros));
    console.log(
      `  ${name.padEnd(8)} CPU ${shares(cpu)}  ${own.toFixed(0).padStart(4)} µs  throughput ${shares(perSecond)}`,
    );
  }
}

async function take(side: Side, { body, headers, status }: Load): Promise<Turn> {
  const known = status === 304 ? { 'if-none-match': await etagOf(side, { body, headers }) } : {};
  const before = await side.cpuMicros();
  const result = await autocannon({
    url: side.url,
    method: 'POST',
    headers: { ...headers, ...known },
    body,
    connections,
    duration: seconds,
  });
  const cpuMicros = (await side.cpuMicros()) - before;
  const answered = status === 304 ? result['3xx'] : result['2xx'];
  if (answered < result.requests.total || result.errors > 0)
    throw new Error(`Not answered with ${status}: ${JSON.stringify(result)}`);
  return { perSecond: answered / result.duration, cpuMicros: cpuMicros / answered };
}

async function etagOf(side: Side, asked: Pick<Load, 'body' | 'headers'>): Promise<string> {
  return (await post(side, asked)).headers.get('etag') ?? '';
}

async function post(side: Side, { body, headers }: Pick<Load, 'body' | 'headers'>): Promise<Response> {
  const response = await fetch(side.url, { method: 'POST', headers, body });
  if (response.status !== 200) throw new Error(`Answered ${response.status}: ${await response.text()}`);
  return response;
}

function shares(all: readonly number[]): string {
  const sorted = all.toSorted((one, other) => one - other);
  return `${median(all).toFixed(2)} (${sorted[0]?.toFixed(2)}–${sorted.at(-1)?.toFixed(2)})`;
}

await main();
