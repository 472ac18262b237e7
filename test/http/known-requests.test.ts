import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { askHttp, type HowToAsk } from '../support/ask-http.ts';
import { addPersonWithRole } from '../support/change-person.ts';
import type { RawAnswer } from '../support/send.ts';
import { createWorld, type TestTenant, type World } from '../support/world.ts';

// The third time that the same bytes come, nothing of them is parsed, validated or planned any more.

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await addAsset(world.acme, 'lamp');
  await addAsset(world.globex, 'crane');
});
afterAll(() => world.close());

const query = 'query Assets($first: Int!) { assets(first: $first) { totalCount edges { node { name } } } }';
const body = { query, variables: { first: 50 } };

async function addAsset(tenant: TestTenant, name: string): Promise<void> {
  const asset = { id: newId(), name, tag: name, site_id: tenant.sites.here };
  await tenant.session.write((trx) => trx.insertInto('assets').values(asset).execute());
}

const statusOf = (answer: RawAnswer) => answer.json.extensions?.cache.status;
const namesOf = (answer: RawAnswer) =>
  answer.json.data.assets.edges.map(({ node }: { node: { name: string } }) => node.name);

/** Asks until the answer is a hit of a request that is known; answers that one and the hit before. */
async function known(ask: () => Promise<RawAnswer>): Promise<{ first: RawAnswer; again: RawAnswer }> {
  for (let run = 0; run < 5; run += 1) {
    const first = await ask();
    if (statusOf(first) === 'HIT') return { first, again: await ask() };
  }
  throw new Error('Never a hit.');
}

/** Without what is another for each request. */
function lasting({ status, headers, json }: RawAnswer) {
  const { date: _date, 'x-request-id': _id, 'server-timing': _timing, 'content-length': _length, ...rest } = headers;
  return { status, headers: rest, data: json.data };
}

const post = (how: HowToAsk = {}, tenant = world.acme) =>
  askHttp(world.baseUrl, tenant.people.admin.token).post(body, how);

describe('a request that has come before, byte by byte', () => {
  const accepts = [
    '*/*',
    'application/json',
    'application/graphql-response+json',
    'application/json;q=0.5, application/graphql-response+json',
  ];
  it.each(accepts)('is answered with the same status, headers and data to those who accept %s', async (accept) => {
    const { first, again } = await known(() => post({ headers: { accept } }));
    expect(statusOf(again)).toBe('HIT');
    expect(lasting(again)).toEqual(lasting(first));
    expect(namesOf(again)).toContain('lamp');
  });

  it('is answered the same by GET, and with 304 to those who have the answer', async () => {
    const { get } = askHttp(world.baseUrl, world.acme.people.admin.token);
    const { first, again } = await known(() => get(body));
    expect(lasting(again)).toEqual(lasting(first));
    const etag = String(again.headers['etag']);
    const conditional = await get(body, { headers: { 'if-none-match': etag } });
    expect([conditional.status, conditional.text, conditional.headers['etag']]).toEqual([304, '', etag]);
  });

  it('is answered anew right after a change', async () => {
    await known(() => post());
    await addAsset(world.acme, 'ladder');
    expect(namesOf(await post())).toEqual(expect.arrayContaining(['lamp', 'ladder']));
  });

  it('is answered to another tenant with what is theirs', async () => {
    await known(() => post());
    const { again } = await known(() => post({}, world.globex));
    expect(namesOf(again)).toEqual(['crane']);
  });

  it('is computed afresh where the request says so', async () => {
    await known(() => post());
    const asked = (directive: string) => post({ headers: { 'cache-control': directive } });
    expect(statusOf(await asked('no-cache'))).toBe('MISS');
    expect(statusOf(await asked('max-age=0'))).toBe('MISS');
    expect(statusOf(await asked('no-store'))).toBe('BYPASS');
    expect(statusOf(await asked('only-if-cached'))).toBe('HIT');
  });

  it('is refused as soon as its viewer may not ask it any more, and when nobody asks', async () => {
    const person = await addPersonWithRole(world.acme, { key: 'keeper', grants: [['assets:read', 'any']] });
    const { post: ask } = askHttp(world.baseUrl, person.token);
    await known(() => ask(body));
    const revoke = 'DELETE FROM role_permissions WHERE role_id IN (SELECT id FROM roles WHERE key = $1)';
    await world.database.owner.query(revoke, ['keeper']);
    expect((await ask(body)).json.errors?.[0].extensions.code).toBe('FORBIDDEN');
    await world.database.owner.query('UPDATE people SET active = false WHERE id = $1', [person.id]);
    expect((await ask(body)).status).toBe(401);
    expect((await ask(body, { token: null })).status).toBe(401);
  });

  it('stays invalid where it was', async () => {
    const { post: ask } = askHttp(world.baseUrl, world.acme.people.admin.token);
    for (let turn = 0; turn < 3; turn += 1) {
      const refused = await ask({ query: '{ assets(first: "two") { totalCount } }' });
      expect(refused.json.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
      const without = await ask({ query, variables: {} });
      expect(without.json.errors[0].message).toContain('$first');
    }
  });

  it('is a batch for whoever sends it in one', async () => {
    await known(() => post());
    const { post: ask } = askHttp(world.baseUrl, world.acme.people.admin.token);
    for (let turn = 0; turn < 3; turn += 1) expect((await ask([body, body])).json).toHaveLength(2);
  });

  it('by the hash of its text is answered to the tenant that has sent the text, and to no other', async () => {
    const text = '{ assets(first: 3) { totalCount } }';
    const sha256Hash = createHash('sha256').update(text).digest('hex');
    const hashed = { extensions: { persistedQuery: { version: 1, sha256Hash } } };
    const { post: ask } = askHttp(world.baseUrl, world.acme.people.admin.token);
    await ask({ query: text, ...hashed });
    const { again } = await known(() => ask(hashed));
    expect(statusOf(again)).toBe('HIT');
    const stranger = await ask(hashed, { token: world.globex.people.admin.token });
    expect(stranger.json.errors[0].message).toBe('PersistedQueryNotFound');
  });
});
