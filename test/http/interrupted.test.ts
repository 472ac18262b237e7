import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { newId } from '../../src/ids.ts';
import { createDice } from '../support/dice.ts';
import { createWorld, testNow, testTokens, type TestTenant, type World } from '../support/world.ts';

/** Printed when something fails; `INTERRUPTED_SEED=7 INTERRUPTED_REQUESTS=10000 npx vitest run …` runs it again. */
const seed = Number(process.env['INTERRUPTED_SEED'] ?? Math.floor(Math.random() * 1e9));
const requests = Number(process.env['INTERRUPTED_REQUESTS'] ?? 700);
const atOnce = 24;
const dice = createDice(seed);

let world: World;
let app: App;
let baseUrl: string;
beforeAll(async () => {
  world = await createWorld();
  const { url: databaseUrl } = world.database;
  // Few connections, so that each is soon another's.
  app = createApp({ databaseUrl, tokens: testTokens, now: () => testNow, pool: { max: 3, connectTimeoutMs: 20_000 } });
  baseUrl = await app.listen(0);
  for (const { slug, session, sites, people } of [world.acme, world.globex]) {
    await session.write(async (trx) => {
      const rows = Array.from({ length: 12 }, (_, index) => ({
        id: newId(),
        name: `${slug} ${index}`,
        tag: `${index}`,
        site_id: index % 2 ? sites.here : sites.elsewhere,
        holder_id: index % 5 ? null : people.member.id,
      }));
      await trx.insertInto('assets').values(rows).execute();
    });
  }
});
afterAll(async () => {
  await app.close();
  await world.close();
});

const person = '... on Person { name email phone emergencyContact teams { name } }';
const documents = (tenant: TestTenant): readonly string[] => [
  '{ tenant { name slug counts { people assets } } }',
  '{ viewer { person { name email emergencyContact } roles { key } permissions } }',
  '{ assets(first: 5) { totalCount edges { node { name tag site { name } } } } }',
  '{ people(first: 5) { edges { node { name email phone } } } }',
  '{ dashboard { assets { total } people { active } } tenant { slug } }',
  '{ sites { name } ... @defer { assets { totalCount } } ... @defer { viewer { person { email } } } }',
  `{ node(id: "${tenant.people.admin.globalId}") { ${person} } }`,
  `{ foreign: node(id: "${world.acme.people.admin.globalId}") { ${person} } other: node(id: "${world.globex.people.admin.globalId}") { ${person} } }`,
];
/** Its answer is nobody's concern, and its change is seen by no query. */
const change = 'mutation { updatePreferences(input: { theme: DARK }) { __typename } }';

interface Asked {
  readonly name: string;
  readonly token: string;
  readonly text: string;
  readonly expected: string;
}

it(
  'what two tenants are answered is theirs, however many others break off in the middle',
  { timeout: 30_000 + 40 * requests },
  async () => {
    const asked: Asked[] = [];
    for (const tenant of [world.acme, world.globex]) {
      for (const [role, { token }] of Object.entries(tenant.people)) {
        for (const text of documents(tenant)) {
          const { data, errors = [] } = await world.ask(token, text, { headers: { 'cache-control': 'no-store' } });
          expect(data, text).toBeTruthy(); // it is a question, whatever of it is refused
          asked.push({ name: `${role} of ${tenant.slug}`, token, text, expected: told(data, errors) });
        }
      }
    }
    const outcomes = { answered: 0, broken: 0, hits: 0 };
    let left = requests;
    const work = async () => {
      while (left > 0) {
        left -= 1;
        const one = dice.pick(asked);
        const answer = await ask(one);
        if (answer === null) {
          outcomes.broken += 1;
          continue;
        }
        for (const { data, errors = [], extensions } of answer) {
          expect(told(data, errors), `${one.text} as ${one.name}, seed ${seed}`).toBe(one.expected);
          outcomes.answered += 1;
          if (extensions?.cache?.status === 'HIT') outcomes.hits += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    expect(outcomes.broken).toBeGreaterThan(requests / 10);
    expect(outcomes.answered).toBeGreaterThan(requests / 3);
    expect(outcomes.hits).toBeGreaterThan(requests / 20);

    await expect.poll(() => app.pool.idleCount === app.pool.totalCount && app.pool.waitingCount === 0).toBe(true);
    const clients = await Promise.all(Array.from({ length: 3 }, () => app.pool.connect()));
    for (const client of clients) {
      const { rows } = await client.query(
        `SELECT nullif(current_setting('app.tenant', true), '') AS tenant, (SELECT count(*) FROM people) AS people`,
      );
      expect(rows).toEqual([{ tenant: null, people: 0 }]);
      client.release();
    }
  },
);

interface Answer {
  data: unknown;
  errors?: { message: string; path?: unknown }[];
  extensions?: { cache?: { status?: string } };
}

/** Fields fail in no particular order. */
function told(data: unknown, errors: { message: string; path?: unknown }[]): string {
  return JSON.stringify([data, errors.map(({ message, path }) => JSON.stringify([message, path])).toSorted()]);
}

/** One request in one of many ways, perhaps broken off at some moment: then null, as for what only changed something. */
function ask({ token, text }: Asked): Promise<readonly Answer[] | null> {
  // A few names for each document: some runs are shared, some answers are found, some must be made.
  const query = `query Q${dice.int(1, 6)} ${text}`;
  const way = dice.pick(['post', 'post', 'get', 'batch', 'change', 'no-cache', 'no-store'] as const);
  const isGet = way === 'get';
  const sent = request(`${baseUrl}/graphql${isGet ? `?${new URLSearchParams({ query })}` : ''}`, {
    method: isGet ? 'GET' : 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      ...(!isGet && { 'content-type': 'application/json' }),
      ...(way.startsWith('no-') && { 'cache-control': way }),
    },
  });
  const turns = dice.chance(0.4) ? dice.int(0, 60) : null;
  return new Promise((resolve) => {
    let received = '';
    sent.on('error', () => resolve(null));
    sent.on('response', (response) => {
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (received += chunk));
      response.on('error', () => resolve(null));
      response.on('end', () => resolve(way === 'change' ? null : [JSON.parse(received)].flat()));
    });
    const body = { post: { query }, get: '', batch: [{ query }, { query }], change: { query: change } };
    sent.end(isGet ? undefined : JSON.stringify(way in body ? body[way as keyof typeof body] : { query }));
    if (turns !== null) afterTurns(turns, () => sent.destroy());
  });
}

function afterTurns(turns: number, run: () => void): void {
  if (turns === 0) run();
  else setImmediate(() => afterTurns(turns - 1, run));
}
