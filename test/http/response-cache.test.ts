import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import type { CacheEvent } from '../../src/cache/index.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { askGraphql, reportOf, type Answer } from '../support/ask-graphql.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
/** A second node on the same database. */
let other: App;
let otherUrl: string;

beforeAll(async () => {
  world = await createWorld();
  other = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow });
  otherUrl = await other.listen(0);
});
afterAll(async () => {
  await other.close();
  await world.close();
});

const list = '{ assets(first: 50) { totalCount edges { node { id name version } } } }';
const sites = '{ sites { name } }';

const askOther: World['ask'] = (...asked) => askGraphql(otherUrl)(...asked);

/** Runs until the scope of the operation is learned and its answer kept. */
async function warm(token: string, query: string, ask = world.ask, variables?: Record<string, unknown>) {
  for (let run = 0; run < 5; run += 1) {
    const answer = await ask(token, query, { variables });
    if (statusOf(answer) === 'HIT') return answer;
  }
  throw new Error(`Never a hit: ${query}`);
}

const statusOf = (answer: Answer<unknown>) => reportOf(answer).status;

async function addAsset(name: string, siteId = world.acme.sites.here): Promise<string> {
  const id = newId();
  await world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values({ id, name, tag: `${name}-${id}`, site_id: siteId })
      .execute(),
  );
  return id;
}

describe('a cached answer', () => {
  it('is the same as the first, says that it is a hit, and asks the database for no data', async () => {
    await addAsset('lamp');
    const { admin } = world.acme.people;
    const first = await world.ask(admin.token, list);
    const warmed = await warm(admin.token, list);
    expect(warmed.data).toEqual(first.data);
    const { statements, result } = await countStatements(() => world.ask(admin.token, list));
    expect(statusOf(result)).toBe('HIT');
    expect(result.headers.get('cache-status')).toMatch(/^freshfield; hit; ttl=\d+$/);
    expect(statements).toEqual([]);
  });

  it('is new on every node right after a mutation on one of them, while unrelated answers still hit', async () => {
    const { admin } = world.acme.people;
    const id = encodeGlobalId('Asset', await addAsset('chair'));
    await Promise.all([warm(admin.token, list), warm(admin.token, list, askOther), warm(admin.token, sites, askOther)]);
    const update = /* GraphQL */ `
      mutation ($input: UpdateAssetInput!) {
        updateAsset(input: $input) {
          __typename
        }
      }
    `;
    for (const [version, name] of [
      [1, 'stool'],
      [2, 'bench'],
    ] as const) {
      const changed = await world.ask(admin.token, update, { variables: { input: { id, version, name } } });
      expect(changed.data.updateAsset.__typename).toBe('UpdateAssetPayload');
      const seen = await askOther(admin.token, list);
      expect(JSON.stringify(seen.data)).toContain(name);
      expect(statusOf(await askOther(admin.token, sites))).toBe('HIT');
    }
  });

  it('is new right after a change in psql, in bulk, and after a deletion', async () => {
    const { admin } = world.acme.people;
    const id = await addAsset('table');
    await warm(admin.token, list);
    await world.database.owner.query(`UPDATE assets SET name = 'desk' WHERE id = $1`, [id]);
    expect(JSON.stringify((await world.ask(admin.token, list)).data)).toContain('desk');
    await warm(admin.token, list);
    await world.database.owner.query(`UPDATE assets SET name = name || '!' WHERE tenant_id = $1`, [world.acme.id]);
    expect(JSON.stringify((await world.ask(admin.token, list)).data)).toContain('desk!');
    await warm(admin.token, list);
    await world.database.owner.query('DELETE FROM assets WHERE id = $1', [id]);
    expect(JSON.stringify((await world.ask(admin.token, list)).data)).not.toContain('desk!');
  });

  it('that is empty is new when the first row appears', async () => {
    const { admin } = world.globex.people;
    const none = '{ jobs { totalCount } }';
    expect((await warm(admin.token, none)).data.jobs.totalCount).toBe(0);
    await world.globex.session.write((trx) =>
      trx.insertInto('jobs').values({ id: newId(), title: 'first', scheduled_for: testNow, due_at: testNow }).execute(),
    );
    expect((await world.ask(admin.token, none)).data.jobs.totalCount).toBe(1);
  });

  it('survives a change in another tenant', async () => {
    await warm(world.acme.people.admin.token, list);
    await world.globex.session.write((trx) =>
      trx.insertInto('assets').values({ id: newId(), name: 'theirs', tag: newId() }).execute(),
    );
    expect(statusOf(await world.ask(world.acme.people.admin.token, list))).toBe('HIT');
  });

  it('is one for two spellings of a document and for defaulted variables, and another for other variables', async () => {
    const { admin } = world.acme.people;
    const spelled = 'query Q($all: Boolean = false) { choices(kind: ASSET_TYPE, includeInactive: $all) { key } }';
    await warm(admin.token, spelled);
    const respelled = spelled.replaceAll(' ', '\n  ').replace('query', '# a comment\nquery');
    expect(statusOf(await world.ask(admin.token, respelled, { variables: { all: false } }))).toBe('HIT');
    expect(statusOf(await world.ask(admin.token, spelled, { variables: { all: true } }))).toBe('MISS');
  });

  it('is not kept with errors, for introspection, or with an emergency contact', async () => {
    const { admin } = world.acme.people;
    for (const query of [
      '{ dashboard(siteId: "nonsense") { people { active } } }',
      '{ __schema { queryType { name } } sites { name } }',
      '{ viewer { person { emergencyContact } } }',
    ]) {
      await world.ask(admin.token, query);
      await world.ask(admin.token, query);
      expect(statusOf(await world.ask(admin.token, query))).toBe('BYPASS');
    }
  });
});

it('is a hit at the second request of an operation that nobody has asked before', async () => {
  const query = 'query Second { assets(first: 5) { totalCount } dashboard { tickets { open } } }';
  for (const { token } of [world.acme.people.agent, world.acme.people.member, world.acme.people.admin]) {
    expect(statusOf(await world.ask(token, 'query Second { assets(first: 5) { totalCount } }'))).not.toBe('BYPASS');
    expect(statusOf(await world.ask(token, 'query Second { assets(first: 5) { totalCount } }'))).toBe('HIT');
  }
  const { admin } = world.globex.people;
  expect(statusOf(await world.ask(admin.token, query))).toBe('MISS');
  expect(statusOf(await world.ask(admin.token, query))).toBe('HIT');
  const fresh = await world.ask(admin.token, query, { headers: { 'cache-control': 'no-cache' } });
  expect(fresh.extensions?.['cache']).toMatchObject({ status: 'MISS', reason: expect.stringMatching(/^refresh; /) });
});

describe('the scope of a cached answer', () => {
  it('is never wider than what its making looked at: each role gets its own, whoever came first', async () => {
    await addAsset('elsewhere only', world.acme.sites.elsewhere);
    const query = '{ assets(first: 50, filter: {}) { totalCount edges { node { name } } } viewer { permissions } }';
    const people = Object.values(world.acme.people);
    const expected = await Promise.all(people.map(({ token }) => askOther(token, query)));
    for (const order of [people, people.toReversed()]) {
      for (const { token } of order) await world.ask(token, query);
    }
    for (const [index, { token }] of people.entries()) {
      const cached = await warm(token, query);
      expect(cached.data).toEqual(expected[index]?.data);
    }
  });

  it('holds while everybody asks at once for what nobody has asked before', async () => {
    for (let round = 0; round < 20; round += 1) {
      const query = `query Round${round} { assets(first: 50) { totalCount edges { node { name } } } }`;
      const people = [...Object.values(world.acme.people), ...Object.values(world.globex.people)];
      const expected = await Promise.all(people.map(({ token }) => askOther(token, query)));
      const answers = await Promise.all(
        people.flatMap(({ token }) => [world.ask(token, query), world.ask(token, query)]),
      );
      for (const [index, { data, errors }] of answers.entries()) {
        expect(data).toEqual(expected[Math.floor(index / 2)]?.data);
        expect(errors?.length).toBe(expected[Math.floor(index / 2)]?.errors?.length);
      }
      // Nothing that was kept in the rush answers anybody else either.
      for (const [index, { token }] of people.entries()) {
        expect((await world.ask(token, query)).data).toEqual(expected[index]?.data);
      }
    }
  });

  it('is shared by those who may see the same', async () => {
    const query = 'query Shared { assets(first: 3) { edges { node { name } } } }';
    await warm(world.acme.people.admin.token, query);
    const { extensions } = await world.ask(world.acme.people.manager.token, query);
    expect(extensions?.['cache']).toMatchObject({ status: 'HIT', scope: 'TENANT' });
    const own = await warm(world.acme.people.member.token, query);
    expect(own.extensions?.['cache']).toMatchObject({ scope: 'PRIVATE' });
  });

  it('follows a revoked role at the next request', async () => {
    const { manager } = world.globex.people;
    const query = 'query Revoked { assets(first: 3) { totalCount } }';
    expect((await warm(manager.token, query)).errors).toBeUndefined();
    await world.database.owner.query('DELETE FROM person_roles WHERE person_id = $1', [manager.id]);
    const { errors } = await world.ask(manager.token, query);
    expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  });
});

describe('a mutation', () => {
  it('answers the token of its change and what it changed', async () => {
    const mutation = /* GraphQL */ `
      mutation {
        upsertChoice(input: { kind: JOB_TYPE, key: "tokened", label: "Tokened" }) {
          __typename
        }
      }
    `;
    const { extensions, headers } = await world.ask(world.acme.people.admin.token, mutation);
    const { token, changed } = (extensions?.['cache'] ?? {}) as { token?: string; changed?: unknown };
    expect(token).toMatch(/^\d+$/);
    expect(headers.get('x-cache-token')).toBe(token);
    expect(changed).toEqual([{ type: 'choice', count: 1 }]);
  });

  it('that was refused has no token', async () => {
    const mutation = `mutation { deleteTicket(input: { id: "${encodeGlobalId('Ticket', newId())}" }) { __typename } }`;
    const { extensions, headers } = await world.ask(world.acme.people.admin.token, mutation);
    expect(extensions?.['cache']).toEqual({ token: null, changed: [] });
    expect(headers.get('x-cache-token')).toBeNull();
  });
});

describe('in bounded mode', () => {
  it('a read with the token of a change on another node sees the change', async () => {
    const bounded = createApp({
      databaseUrl: world.database.url,
      tokens: testTokens,
      now: () => testNow,
      cache: { coherence: { mode: 'bounded', maxStalenessMs: 3_600_000 } },
    });
    const askBounded = askGraphql(await bounded.listen(0));
    const ask = (headers = {}) =>
      askBounded(world.globex.people.admin.token, '{ choices(kind: LEAVE_TYPE) { key } }', { headers });
    await ask();
    await ask();
    const mutation =
      'mutation { upsertChoice(input: { kind: LEAVE_TYPE, key: "sick", label: "Sick" }) { __typename } }';
    const { headers } = await world.ask(world.globex.people.admin.token, mutation);
    expect((await ask()).data.choices).toEqual([]); // within the bound
    expect((await ask({ 'x-cache-token': headers.get('x-cache-token') ?? '' })).data.choices).toEqual([
      { key: 'sick' },
    ]);
    expect((await ask({ 'x-cache-token': 'nonsense' })).status).toBe(400);
    await bounded.close();
  });
});

describe('each query has one outcome', () => {
  const outcomes = new Set(['hit', 'miss', 'stale-served']);
  const outcomesOf = async (name: string, asking: () => Promise<unknown>) => {
    const seen: string[] = [];
    const note = (event: CacheEvent) => {
      if (!('operation' in event) || event.operation !== name || !outcomes.has(event.type)) return;
      seen.push('reason' in event ? `${event.type}: ${event.reason}` : event.type);
    };
    const unsubscribe = world.app.events.subscribe(note);
    await asking();
    unsubscribe();
    return seen;
  };

  it('the first of its kind, too, that turns out to depend on more of its viewer than was known', async () => {
    const { admin } = world.acme.people;
    const query = 'query Outcome { viewer { preferences { locale } } assets { totalCount } }';
    expect(await outcomesOf('Outcome', () => world.ask(admin.token, query))).toEqual(['miss: absent']);
    expect(await outcomesOf('Outcome', () => world.ask(admin.token, query))).toEqual(['hit']);
  });

  it('one that finds what is too old for it, one that has errors, and each of those that wait together', async () => {
    const { admin } = world.acme.people;
    const query = 'query Outcome2 { sites { name code } }';
    await warm(admin.token, query);
    const headers = { 'cache-control': 'max-age=0' };
    expect(await outcomesOf('Outcome2', () => world.ask(admin.token, query, { headers }))).toEqual(['miss: refresh']);
    const wrong = 'query Outcome3 { attendanceSummary(year: 2026, month: 13) { __typename } }';
    for (const run of [1, 2]) {
      const seen = await outcomesOf('Outcome3', () => world.ask(admin.token, wrong));
      expect([run, seen]).toEqual([run, ['miss: absent']]);
    }
    const together = 'query Outcome4 { sites { name code address } }';
    const all = () => Promise.all(Array.from({ length: 20 }, () => world.ask(admin.token, together)));
    expect(await outcomesOf('Outcome4', all)).toHaveLength(20);
  });
});

describe('a stampede', () => {
  it('is told: who waited for what was made for another says so, in the header and in the reason', async () => {
    const { admin } = world.acme.people;
    const query = 'query Crowd { assets(first: 50) { totalCount } }';
    await warm(admin.token, query);
    await addAsset('crowd');
    let joined = 0;
    const unsubscribe = world.app.events.subscribe(
      (event) => void (event.type === 'flight-join' && event.operation === 'Crowd' && (joined += 1)),
    );
    const blocker = await world.database.owner.connect();
    await blocker.query('BEGIN; LOCK TABLE assets IN ACCESS EXCLUSIVE MODE');
    const asking = Array.from({ length: 5 }, () => world.ask(admin.token, query));
    await expect.poll(() => joined, { timeout: 5_000 }).toBe(4);
    await blocker.query('ROLLBACK');
    blocker.release();
    unsubscribe();
    const answers = await Promise.all(asking);
    const told = answers.map(({ headers }) => headers.get('cache-status') ?? '');
    expect(
      told.filter((status) => /^freshfield; fwd=stale; collapsed; stored; ttl=\d+; detail=/.test(status)),
    ).toHaveLength(4);
    expect(told.filter((status) => /^freshfield; fwd=stale; stored; ttl=\d+; detail=/.test(status))).toHaveLength(1);
    const reasons = answers.filter((answer) =>
      reportOf(answer).reason?.startsWith('changed: asset, and made for others'),
    );
    expect(reasons).toHaveLength(4);
  });

  it('of a thousand identical requests runs the operation once', { timeout: 90_000 }, async () => {
    const { admin } = world.acme.people;
    const query = 'query Stampede { assets(first: 50) { totalCount } }';
    await warm(admin.token, query);
    await addAsset('stampede');
    const stored: CacheEvent[] = [];
    const unsubscribe = world.app.events.subscribe((event) => void (event.type === 'store' && stored.push(event)));
    const answers = await Promise.all(Array.from({ length: 1000 }, () => world.ask(admin.token, query)));
    unsubscribe();
    expect(new Set(answers.map(({ data }) => data.assets.totalCount)).size).toBe(1);
    expect(stored.filter((event) => event.type === 'store' && event.operation === 'Stampede')).toHaveLength(1);
  });
});
