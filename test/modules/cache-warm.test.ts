import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createRedisStore, type RedisStore } from '../../src/app/redis-store.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { loadManifest } from '../../src/http/persisted-manifest.ts';
import { newId } from '../../src/ids.ts';
import { askGraphql } from '../support/ask-graphql.ts';
import { countStatements } from '../support/count-statements.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { createWorld, testNow, testTokens, type Answer, type Role, type World } from '../support/world.ts';

let world: World;
let redis: TestRedis;
/** Two nodes that share Redis: the first is told to warm. */
const nodes: { app: App; url: string; store: RedisStore }[] = [];
let log: Record<string, unknown>[] = [];

beforeAll(async () => {
  [world, redis] = await Promise.all([createWorld(), startTestRedis()]);
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  for (let node = 0; node < 2; node += 1) {
    const store = createRedisStore(redis.url);
    const cache = { store: store.store };
    const app = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => testNow, logger, cache });
    nodes.push({ app, url: await app.listen(0), store });
  }
});
afterAll(async () => {
  for (const { app, store } of nodes) {
    await app.close();
    store.close();
  }
  await Promise.all([world.close(), redis.stop()]);
});
beforeEach(() => {
  log = [];
});

const ask = (role: Role, query: string, variables = {}, { node = 0, headers = {} } = {}): Promise<Answer<any>> =>
  askGraphql(nodes[node]?.url ?? '')(world.acme.people[role].token, query, { variables, headers });

const cacheOf = ({ extensions }: Answer<unknown>) => extensions?.['cache'] as { status: string; level: string | null };
const operation = (name: string) => loadManifest().operations.find((one) => one.name === name)?.body ?? '';

const warmCache = /* GraphQL */ `
  mutation ($input: WarmCacheInput!) {
    warmCache(input: $input) {
      __typename
      ... on WarmCachePayload {
        clientMutationId
        warmed {
          warmed
          kept
          skipped {
            operation
            roles
            reason
            detail
          }
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

async function warm(input: object, { role = 'admin', headers = {} }: { role?: Role; headers?: object } = {}) {
  const answer = await ask(role, warmCache, { input }, { headers });
  expect(answer.errors).toBeUndefined();
  return answer.data.warmCache;
}

/** Forgets everything, on every node. */
const forget = () => world.database.owner.query('SELECT renew_change_epoch()');
beforeEach(() => forget());

const skipped = (name: string, role: Role, reason: string, detail: RegExp) => ({
  operation: name,
  roles: [role],
  reason,
  detail: expect.stringMatching(detail),
});

describe('warming', () => {
  it('makes the answers of everybody who may ask, and tells who may not', async () => {
    const { warmed } = await warm({ operations: ['Dashboard'] });
    expect(warmed.warmed + warmed.kept).toBe(3);
    expect(warmed.skipped).toEqual([skipped('Dashboard', 'member', 'REFUSED', /dashboard:read/)]);
    for (const role of ['admin', 'manager', 'agent'] as const) {
      const { statements, result } = await countStatements(() => ask(role, operation('Dashboard')));
      expect(cacheOf(result)).toMatchObject({ status: 'HIT', level: 'L1' });
      // Who they are may be news; what they see is not.
      expect(statements.filter((statement) => !statement.includes('"person_roles"'))).toEqual([]);
    }
    const again = await warm({ operations: ['Dashboard'] });
    expect(again.warmed).toMatchObject({ warmed: 0, kept: 3 });
  });

  it('puts them where another node finds them', async () => {
    // Each node learns for itself what answers depend on; these two then know the same.
    const roles = ['admin', 'manager', 'agent', 'member'] as const;
    for (const node of [0, 1]) for (const role of roles) await ask(role, operation('Dashboard'), {}, { node });
    await forget();
    await warm({ operations: ['Dashboard'] });
    const { extensions } = await ask('manager', operation('Dashboard'), {}, { node: 1 });
    expect(extensions?.['cache']).toMatchObject({ status: 'HIT', level: 'L2' });
  });

  it('answers each as they would be answered: nobody gets what is for others', async () => {
    for (const [siteId, name] of [
      [world.acme.sites.here, 'near'],
      [world.acme.sites.elsewhere, 'far'],
    ]) {
      const id = newId();
      await world.acme.session.write((trx) =>
        trx
          .insertInto('assets')
          .values({ id, name: String(name), tag: id, site_id: siteId })
          .execute(),
      );
    }
    const { agent, admin } = world.acme.people;
    const { warmed } = await warm({ operations: ['Assets'], persons: [agent.globalId, admin.globalId] });
    expect(warmed).toEqual({ warmed: 2, kept: 0, skipped: [] });
    const names = async (role: Role) => {
      const answer = await ask(role, operation('Assets'));
      return [cacheOf(answer).status, JSON.stringify(answer.data)] as const;
    };
    const [adminStatus, everything] = await names('admin');
    expect([adminStatus, everything.includes('far'), everything.includes('near')]).toEqual(['HIT', true, true]);
    const [agentStatus, ownSite] = await names('agent');
    expect([agentStatus, ownSite.includes('far'), ownSite.includes('near')]).toEqual(['HIT', false, true]);
  });

  it('keeps nothing that is for one person alone, not even a value of it, unless that person is meant', async () => {
    const stored: string[] = [];
    const stop = nodes[0]?.app.events.subscribe((event) => {
      if (event.type === 'store' && event.operation !== 'viewer') stored.push(event.operation);
    });
    const asked = { operations: ['Tickets', 'AttendanceSummary'], variables: { year: 2026, month: 11 } };
    const alike = await warm({ ...asked, roles: ['member'] });
    expect(alike.warmed).toEqual({
      warmed: 0,
      kept: 0,
      skipped: [
        skipped('Tickets', 'member', 'PERSONAL', /depends on the person/),
        skipped('AttendanceSummary', 'member', 'PERSONAL', /depends on the person/),
      ],
    });
    // Once more, now that it is known.
    expect((await warm({ ...asked, roles: ['member'] })).warmed).toMatchObject({ warmed: 0, kept: 0 });
    expect(stored).toEqual([]);
    stop?.();
    const meant = await warm({ ...asked, persons: [world.acme.people.member.globalId] });
    expect(meant.warmed).toEqual({ warmed: 2, kept: 0, skipped: [] });
    expect(cacheOf(await ask('member', operation('Tickets'))).status).toBe('HIT');
    expect(cacheOf(await ask('agent', operation('Tickets'))).status).toBe('MISS');
  });

  it('makes for those who see everything what is for one person alone with others, who go without', async () => {
    await ask('agent', operation('Shifts')); // their own, and those of their site
    const { warmed } = await warm({ operations: ['Shifts'], roles: ['manager', 'agent'] });
    expect(warmed).toEqual({ warmed: 1, kept: 0, skipped: [skipped('Shifts', 'agent', 'PERSONAL', /the person/)] });
    expect(cacheOf(await ask('manager', operation('Shifts'))).status).toBe('HIT');
  });

  it('gives each operation its own variables, and says which are wrong', async () => {
    const { warmed } = await warm({
      operations: ['Choices', 'TicketStatistics', 'Ticket', 'Tenant'],
      variables: { kind: 'JOB_TYPE', days: 8, unheard: true },
      roles: ['admin'],
    });
    expect(warmed).toEqual({
      warmed: 2,
      kept: 0,
      skipped: [
        skipped('TicketStatistics', 'admin', 'REFUSED', /days/),
        skipped('Ticket', 'admin', 'REFUSED', /"\$id" of required type/),
      ],
    });
    expect(cacheOf(await ask('admin', operation('Choices'), { kind: 'JOB_TYPE' })).status).toBe('HIT');
    expect(cacheOf(await ask('admin', operation('Choices'), { kind: 'ASSET_TYPE' })).status).toBe('MISS');
  });

  it('asks for the most frequent combinations first, and nobody who may not come in', async () => {
    await world.database.owner.query(`UPDATE people SET active = false WHERE id = $1`, [world.acme.people.agent.id]);
    const gone = await warm({ operations: ['Sites'] });
    expect(gone.warmed.warmed + gone.warmed.kept).toBe(3);
    const { globalId } = world.acme.people.agent;
    const named = await warm({ operations: ['Sites'], persons: [globalId] });
    expect(named.fields).toEqual([{ field: 'persons.0', message: 'Send the id of an active person.' }]);
    await world.database.owner.query(`UPDATE people SET active = true WHERE id = $1`, [world.acme.people.agent.id]);
  });

  it('is written down without the values of variables, and so is the log', async () => {
    const headers = { 'idempotency-key': newId() };
    const input = {
      operations: ['Choices'],
      variables: { kind: 'LEAVE_TYPE' },
      roles: ['admin'],
      clientMutationId: 'me',
    };
    const first = await warm(input, { headers });
    expect(first).toMatchObject({ clientMutationId: 'me', warmed: { warmed: 1, kept: 0, skipped: [] } });
    expect(await warm(input, { headers })).toEqual(first); // a retry
    const { rows } = await world.database.owner.query(
      `SELECT action, via, actor_id, asked, tags, outcome FROM cache_audits WHERE tenant_id = $1 ORDER BY id DESC LIMIT 1`,
      [world.acme.id],
    );
    expect(rows[0]).toEqual({
      action: 'warm',
      via: 'person',
      actor_id: world.acme.people.admin.id,
      asked: { operations: ['Choices'], variables: ['kind'], roles: ['admin'] },
      tags: [],
      outcome: { warmed: 1, kept: 0, skipped: [] },
    });
    expect(log.find(({ msg }) => msg === 'cache warm')).toMatchObject({ operations: 1, warmed: 1, skipped: 0 });
    expect(JSON.stringify(log)).not.toContain('LEAVE_TYPE');
    expect(JSON.stringify(log)).not.toContain(world.acme.people.admin.id);
  });
});

describe('bad input', () => {
  const foreign = () => world.globex.people.member.globalId;
  it.each([
    ['no operation', () => ({ operations: [] }), 'operations', /^Send the name of at least one/],
    ['21 operations', () => ({ operations: Array(21).fill('Sites') }), 'operations', /^Send at most 20/],
    [
      'an unknown operation',
      () => ({ operations: ['Sites', 'Nope'] }),
      'operations.1',
      /^Send the name of a query of .*Dashboard/,
    ],
    ['a mutation', () => ({ operations: ['CreateTicket'] }), 'operations.0', /^Send the name of a query/],
    ['variables in a list', () => ({ operations: ['Sites'], variables: [1] }), 'variables', /^Send an object/],
    ['no role', () => ({ operations: ['Sites'], roles: [] }), 'roles', /^Send a role/],
    [
      'an unknown role',
      () => ({ operations: ['Sites'], roles: ['admin', 'king'] }),
      'roles.1',
      /^Send keys of roles: admin, agent/,
    ],
    ['no person', () => ({ operations: ['Sites'], persons: [] }), 'persons', /^Send a person/],
    [
      'a foreign person',
      () => ({ operations: ['Sites'], persons: [foreign()] }),
      'persons.0',
      /^Send the id of an active person/,
    ],
    [
      'the id of no person',
      () => ({ operations: ['Sites'], persons: [encodeGlobalId('Site', newId())] }),
      'persons.0',
      /^Send the id of a Person/,
    ],
  ])('is refused: %s', async (_what, input, field, message) => {
    const refused = await warm(input());
    expect(refused).toMatchObject({ __typename: 'ValidationError' });
    expect(refused.fields).toEqual([{ field, message: expect.stringMatching(message) }]);
  });

  it.each(['manager', 'agent', 'member'] as const)('is to be %s, and the log tells', async (role) => {
    const refused = await warm({ operations: ['Sites'] }, { role });
    expect(refused).toMatchObject({ __typename: 'ForbiddenError', message: expect.stringContaining('cache:manage') });
    expect(log.filter(({ msg }) => msg === 'cache warm')).toEqual([expect.objectContaining({ refused: true })]);
  });
});
