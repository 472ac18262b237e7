import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { announceTags } from '../../src/db/announce-tags.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { askGraphql } from '../support/ask-graphql.ts';
import { logged } from '../support/logged.ts';
import { createWorld, testNow, testTokens, type Answer, type World } from '../support/world.ts';

let world: World;
/** A second node on the same database. */
let other: App;
let otherUrl: string;
let log: Record<string, unknown>[] = [];

beforeAll(async () => {
  world = await createWorld();
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  other = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, logger });
  otherUrl = await other.listen(0);
});
afterAll(async () => {
  await other.close();
  await world.close();
});
beforeEach(() => {
  log = [];
});

type Ask = (token: string, query: string, variables?: object, headers?: Record<string, string>) => Promise<Answer<any>>;

const askOther: Ask = (token, query, variables, headers) =>
  askGraphql(otherUrl)(token, query, { variables: variables as Record<string, unknown>, headers });
const ask: Ask = (token, query, variables, headers) =>
  world.ask(token, query, { variables: variables as Record<string, unknown>, headers });
const admin = () => world.acme.people.admin.token;

const cacheOf = ({ extensions }: Answer<unknown>) =>
  extensions?.['cache'] as { status: string; reason: string; token: string };
const statusOf = (answer: Answer<unknown>) => cacheOf(answer).status;

/** Runs until the scope of the operation is learned and its answer kept, on both nodes. */
async function warm(query: string, variables?: object, token = admin()) {
  for (const node of [ask, askOther]) {
    for (let run = 0; statusOf(await node(token, query, variables)) !== 'HIT'; run += 1) {
      if (run === 5) throw new Error(`Never a hit: ${query}`);
    }
  }
}

const purgeCache = /* GraphQL */ `
  mutation ($input: PurgeCacheInput!) {
    purgeCache(input: $input) {
      __typename
      ... on PurgeCachePayload {
        clientMutationId
        purged {
          tags
          soft
          dryRun
          entriesHere
          bytesHere
        }
      }
      ... on ValidationError {
        fields {
          field
          message
        }
      }
      ... on Error {
        message
      }
    }
  }
`;

async function purge(input: object, { token = admin(), node = ask } = {}) {
  const answer = await node(token, purgeCache, { input });
  expect(answer.errors).toBeUndefined();
  return answer.data.purgeCache;
}

async function addAsset(siteId = world.acme.sites.here): Promise<string> {
  const id = newId();
  await world.acme.session.write((trx) =>
    trx.insertInto('assets').values({ id, name: 'lamp', tag: id, site_id: siteId }).execute(),
  );
  return id;
}

const assets = '{ assets(first: 50) { totalCount } }';
const sites = 'query Sites { sites { name } }';
const dashboard = 'query Dashboard { dashboard { assets { total } } }';

const node = 'query ($id: ID!) { node(id: $id) { ... on Asset { name } } }';
const atSite = 'query ($filter: AssetFilter) { assets(filter: $filter) { totalCount } }';
const siteFilter = (siteId: string) => ({ filter: { siteId: [encodeGlobalId('Site', siteId)] } });

/** What was written down, without its ids and times. */
async function audits() {
  const { rows } = await world.database.owner.query(
    `SELECT action, via, actor_id, asked, tags, soft, dry_run, outcome FROM cache_audits WHERE tenant_id = $1 ORDER BY id`,
    [world.acme.id],
  );
  return rows;
}

describe('a purge', () => {
  it('of a type is seen by the very next read on the other node, and leaves unrelated answers alone', async () => {
    await addAsset();
    await Promise.all([warm(assets), warm(sites)]);
    const answer = await ask(admin(), purgeCache, { input: { type: 'Asset', clientMutationId: 'mine' } });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.purgeCache).toMatchObject({
      clientMutationId: 'mine',
      purged: { tags: ['L:asset', 'A:asset'], soft: false, dryRun: false, entriesHere: expect.any(Number) },
    });
    expect(answer.data.purgeCache.purged.entriesHere).toBeGreaterThanOrEqual(1);
    expect(cacheOf(answer)).toEqual({ token: expect.stringMatching(/^\d+$/), changed: [] });
    expect(answer.headers.get('x-cache-token')).toBe(cacheOf(answer).token);
    const next = cacheOf(await askOther(admin(), assets));
    expect(next).toMatchObject({ status: 'MISS', reason: expect.stringContaining('purged: asset') });
    expect(statusOf(await askOther(admin(), sites))).toBe('HIT');
    expect(statusOf(await ask(admin(), assets))).toBe('MISS');
  });

  it('of some objects takes what shows them and lists they may be in, and leaves other objects and lists', async () => {
    const { here, elsewhere } = world.acme.sites;
    const [one, two] = [await addAsset(here), await addAsset(elsewhere)].map((id) => encodeGlobalId('Asset', id));
    const none = encodeGlobalId('Asset', newId());
    const asked: [query: string, variables: object, status: string][] = [
      [node, { id: one }, 'MISS'],
      [node, { id: none }, 'MISS'],
      [atSite, siteFilter(here), 'MISS'],
      [assets, {}, 'MISS'],
      [node, { id: two }, 'HIT'],
      [atSite, siteFilter(elsewhere), 'HIT'],
      [sites, {}, 'HIT'],
    ];
    for (const [query, variables] of asked) await warm(query, variables);
    const { purged } = await purge({ type: 'Asset', ids: [one, none, one] });
    expect(purged.tags).toContain(`P:asset:site_id=${here}`);
    for (const [query, variables, status] of asked) {
      expect(statusOf(await askOther(admin(), query, variables)), `${query} ${JSON.stringify(variables)}`).toBe(status);
    }
  });

  it('of a name says so in the change log, where whatever depends on it will look', async () => {
    const told = await logged(world.database.owner, [world.acme.id, world.globex.id], async () => {
      expect(await purge({ tag: 'weather: München' })).toMatchObject({ purged: { tags: ['T:weather: München'] } });
    });
    expect(told).toEqual({ [world.acme.id]: ['!T:weather: München', 'T:weather: München'] });
  });

  it('of an operation takes its answers for everybody, whatever its variables, and no other operation', async () => {
    const { manager } = world.acme.people;
    const kinds = 'query Kinds($kind: ChoiceKind!) { choices(kind: $kind) { key } }';
    const jobs = { kind: 'JOB_TYPE' };
    await warm(kinds, jobs);
    await warm(kinds, { kind: 'ASSET_TYPE' }, manager.token);
    await warm(kinds.replace('Kinds', 'Others'), jobs);
    expect(await purge({ operationName: 'Kinds' })).toMatchObject({ purged: { tags: ['T:operation:Kinds'] } });
    expect(statusOf(await askOther(admin(), kinds, jobs))).toBe('MISS');
    expect(statusOf(await askOther(manager.token, kinds, { kind: 'ASSET_TYPE' }))).toBe('MISS');
    expect(statusOf(await askOther(admin(), kinds.replace('Kinds', 'Others'), jobs))).toBe('HIT');
  });

  it('of everything takes everything, and nothing of another tenant', async () => {
    const theirs = world.globex.people.admin.token;
    await Promise.all([warm(assets), warm(sites), warm(sites, {}, theirs)]);
    expect(await purge({ tenantWide: true })).toMatchObject({ purged: { tags: ['*'] } });
    for (const query of [assets, sites]) {
      expect(cacheOf(await askOther(admin(), query))).toMatchObject({
        status: 'MISS',
        reason: expect.stringMatching(/^floor/),
      });
    }
    expect(statusOf(await askOther(theirs, sites))).toBe('HIT');
  });

  it('that is soft lets be served as stale what may be, once it is made anew fresh, and everything else is a miss', async () => {
    await addAsset();
    await Promise.all([warm(dashboard), warm(assets), warm(sites)]);
    const { purged } = await purge({ type: 'Asset', soft: true });
    expect(purged).toMatchObject({ soft: true, tags: ['L:asset', 'A:asset'] });
    const stale = await askOther(admin(), dashboard);
    expect(cacheOf(stale)).toMatchObject({ status: 'STALE', reason: expect.stringMatching(/^soft-purge/) });
    expect(cacheOf(await askOther(admin(), assets))).toMatchObject({
      status: 'MISS',
      reason: expect.stringMatching(/^soft-purge/),
    });
    expect(statusOf(await askOther(admin(), sites))).toBe('HIT');
    await expect.poll(async () => statusOf(await askOther(admin(), dashboard))).toBe('HIT');
  });

  it('that is soft is never served to whoever sends the token back', async () => {
    await warm(dashboard);
    const answer = await ask(admin(), purgeCache, { input: { tenantWide: true, soft: true } });
    const token = { 'x-cache-token': answer.headers.get('x-cache-token') ?? '' };
    expect(statusOf(await askOther(admin(), dashboard, {}, token))).toBe('MISS');
  });

  it('by a foreign id takes nothing from the tenant it is of', async () => {
    const id = newId();
    await world.globex.session.write((trx) =>
      trx.insertInto('assets').values({ id, name: 'theirs', tag: id, site_id: world.globex.sites.here }).execute(),
    );
    const theirs = world.globex.people.admin.token;
    const variables = { id: encodeGlobalId('Asset', id) };
    await warm(node, variables, theirs);
    const { purged } = await purge({ type: 'Asset', ids: [variables.id] });
    expect(purged.tags).toEqual([`E:asset:${id}`, 'L:asset']); // nothing that its row would tell
    expect(statusOf(await askOther(theirs, node, variables))).toBe('HIT');
  });

  it('of 500 rows names what every one of them is told apart by', async () => {
    const ids = Array.from({ length: 500 }, () => newId());
    await world.acme.session.write((trx) =>
      trx
        .insertInto('assets')
        .values(ids.map((id) => ({ id, name: 'x', tag: id, site_id: world.acme.sites.here })))
        .execute(),
    );
    await warm(atSite, siteFilter(world.acme.sites.here));
    const { purged } = await purge({ type: 'Asset', ids: ids.map((id) => encodeGlobalId('Asset', id)) });
    expect(purged.tags.length).toBeGreaterThan(500);
    expect(statusOf(await askOther(admin(), atSite, siteFilter(world.acme.sites.here)))).toBe('MISS');
  });
});

describe('a dry run', () => {
  it('purges nothing, and counts what this node holds of it', async () => {
    await warm(assets);
    await purge({ tenantWide: true });
    expect(await purge({ tenantWide: true, dryRun: true })).toMatchObject({ purged: { entriesHere: 1 } }); // the viewer
    await warm(assets);
    const answer = await ask(admin(), purgeCache, { input: { type: 'Asset', dryRun: true } });
    expect(answer.data.purgeCache.purged).toMatchObject({ dryRun: true, entriesHere: 1 });
    expect(answer.data.purgeCache.purged.bytesHere).toBeGreaterThan(400);
    expect(cacheOf(answer)).toEqual({ token: null, changed: [] });
    expect(await purge({ type: 'Site', dryRun: true })).toMatchObject({ purged: { entriesHere: 0, bytesHere: 0 } });
    for (const each of [ask, askOther]) expect(statusOf(await each(admin(), assets))).toBe('HIT');
  });

  it('counts nothing where nobody asks how many', async () => {
    const query = 'mutation { purgeCache(input: { tag: "x" }) { ... on PurgeCachePayload { purged { tags } } } }';
    expect((await ask(admin(), query)).data.purgeCache).toEqual({ purged: { tags: ['T:x'] } });
    expect((await audits()).at(-1)).toMatchObject({ outcome: {} });
  });
});

describe('who purges', () => {
  it.each(['manager', 'agent', 'member'] as const)('is not the %s, and the log tells', async (role) => {
    const { token, id } = world.acme.people[role];
    await warm(sites);
    const before = (await audits()).length;
    const refused = await purge({ tenantWide: true }, { token, node: askOther });
    expect(refused).toEqual({
      __typename: 'ForbiddenError',
      message: 'You may not use Mutation.purgeCache: it needs the permission cache:manage for the whole tenant.',
    });
    expect(statusOf(await askOther(admin(), sites))).toBe('HIT');
    expect(await audits()).toHaveLength(before);
    expect(log.filter(({ msg }) => msg === 'cache purge')).toEqual([
      expect.objectContaining({ tenantId: world.acme.id, via: 'person', refused: true }),
    ]);
    expect(JSON.stringify(log)).not.toContain(id);
  });

  it('is written down, and the log has a line that tells nothing about anybody', async () => {
    const id = encodeGlobalId('Person', world.acme.people.member.id);
    await purge({ type: 'Person', ids: [id], soft: true, dryRun: true }, { node: askOther });
    expect((await audits()).at(-1)).toEqual({
      action: 'purge',
      via: 'person',
      actor_id: world.acme.people.admin.id,
      asked: { type: 'Person', ids: [world.acme.people.member.id] },
      tags: expect.arrayContaining([`E:person:${world.acme.people.member.id}`, 'L:person']),
      soft: true,
      dry_run: true,
      outcome: { entriesHere: expect.any(Number), bytesHere: expect.any(Number) },
    });
    const [line] = log.filter(({ msg }) => msg === 'cache purge');
    expect(line).toMatchObject({ refused: false, by: 'type', tags: 3, soft: true, dryRun: true });
    expect(JSON.stringify(log)).not.toContain(world.acme.people.member.id);
  });

  it.each([{ tenantWide: true }, { tag: 'weather' }, { operationName: 'Dashboard' }, { type: 'Asset' }])(
    'is written down as it was asked: %j',
    async (asked) => {
      await purge({ ...asked, dryRun: true });
      expect((await audits()).at(-1)).toMatchObject({ asked });
    },
  );

  it('may send it again: it is done once, and answered alike', async () => {
    const before = (await audits()).length;
    const headers = { 'idempotency-key': newId() };
    const first = await ask(admin(), purgeCache, { input: { tag: 'once' } }, headers);
    const again = await ask(admin(), purgeCache, { input: { tag: 'once' } }, headers);
    expect(again.data).toEqual(first.data);
    expect(await audits()).toHaveLength(before + 1);
    const misused = await ask(admin(), purgeCache, { input: { tag: 'twice' } }, headers);
    expect(misused.data.purgeCache).toMatchObject({ __typename: 'ConflictError' });
  });
});

describe('bad input', () => {
  const asset = () => encodeGlobalId('Asset', newId());
  const cases: [what: string, input: () => object, field: string, message: RegExp][] = [
    ['nothing', () => ({}), 'input', /^Say what to purge: send one of type, tag, operationName, tenantWide\.$/],
    ['nothing but options', () => ({ soft: true, dryRun: true, tenantWide: false }), 'input', /^Say what to purge/],
    ['two selectors', () => ({ type: 'Asset', tag: 'x' }), 'tag', /: not type and tag\.$/],
    ['all of them', () => ({ type: 'Asset', tag: 'x', operationName: 'X', tenantWide: true }), 'tag', /^Send one of/],
    ['an unknown type', () => ({ type: 'Dashboard' }), 'type', /^Send one of Asset, Attendance, .*TicketEvent\.$/],
    ['a type of nobody', () => ({ type: 'PersonRole' }), 'type', /^Send one of/],
    ['no name of a type', () => ({ type: 'asset' }), 'type', /^Send the name of a type, such as Ticket\.$/],
    ['ids alone', () => ({ ids: [asset()] }), 'ids', /^Send their type, too/],
    ['ids beside a tag', () => ({ tag: 'x', ids: [asset()] }), 'ids', /^Send their type, too/],
    ['no ids', () => ({ type: 'Asset', ids: [] }), 'ids', /leave them out to purge the whole type/],
    ['501 ids', () => ({ type: 'Asset', ids: Array.from({ length: 501 }, asset) }), 'ids', /^Send at most 500 ids/],
    [
      'ids of another type',
      () => ({ type: 'Asset', ids: [asset(), encodeGlobalId('Site', newId())] }),
      'ids.1',
      /^Send the id of a Asset/,
    ],
    ['ids of nothing', () => ({ type: 'Asset', ids: ['nonsense'] }), 'ids.0', /^Send the id of a Asset/],
    ['an empty tag', () => ({ tag: '' }), 'tag', /^Send 1 to 200 characters/],
    ['a long tag', () => ({ tag: 'x'.repeat(201) }), 'tag', /^Send 1 to 200 characters/],
    ['a tag of control characters', () => ({ tag: 'a\u0000b' }), 'tag', /control character/],
    ['an operation no document can have', () => ({ operationName: 'a b' }), 'operationName', /such as Dashboard/],
  ];
  it.each(cases)('is refused, and purges nothing: %s', async (_what, input, field, message) => {
    const told = await logged(world.database.owner, [world.acme.id], async () => {
      const refused = await purge(input());
      expect(refused).toMatchObject({ __typename: 'ValidationError' });
      expect(refused.fields).toContainEqual({ field, message: expect.stringMatching(message) });
    });
    expect(told).toEqual({});
  });

  it('is refused where the schema can tell', async () => {
    const { errors } = await ask(admin(), purgeCache, { input: { type: 'Asset', everything: true } });
    expect(errors?.[0]?.message).toContain('"everything" is not defined');
    const anonymous = await world.ask(null, purgeCache, { variables: { input: { tenantWide: true } } });
    expect(anonymous.status).toBe(401);
  });
});

describe('the change log', () => {
  const announce = (tags: string[]) => world.acme.session.write((trx) => announceTags(trx, tags));

  it.each([
    [[]],
    [['ticket']],
    [['L:']],
    [['~~L:ticket']],
    [['**']],
    [['T:a\nb']],
    [[`T:${'x'.repeat(301)}`]],
    [Array.from({ length: 501 }, (_, id) => `E:asset:${id}`)],
  ])('takes no tags like %j, from nobody', async (tags) => {
    await expect(announce(tags)).rejects.toThrow('Announce 1 to 500 tags');
    await expect(
      world.acme.session.write((trx) => sql`select log_tags(${tags}::text[])`.execute(trx)),
    ).rejects.toMatchObject({ code: '23514' });
  });

  it('takes tags of the tenant of the transaction only', async () => {
    const told = await logged(world.database.owner, [world.acme.id, world.globex.id], () =>
      announce(['~*', 'L:asset']),
    );
    expect(told).toEqual({ [world.acme.id]: ['L:asset', '~*'] });
    await expect(other.pool.query(`SELECT log_tags('{L:asset}')`)).rejects.toMatchObject({ code: '23514' });
  });
});
