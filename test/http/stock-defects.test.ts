import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
/** As the administrator, unless told otherwise. */
let http: AskHttp;

beforeAll(async () => {
  world = await createWorld();
  http = askHttp(world.baseUrl, world.acme.people.admin.token);
  await world.acme.session.write((trx) =>
    trx.insertInto('assets').values({ id: newId(), name: 'lamp', tag: 'a', site_id: world.acme.sites.here }).execute(),
  );
});
afterAll(() => world.close());

describe('defects of the stock response cache that show over HTTP', () => {
  it('5. no hit skips authorization: a member is refused what was cached for an administrator', async () => {
    const { admin, member } = world.acme.people;
    const query = `{ node(id: "${admin.globalId}") { ... on Person { name emergencyContact } } }`;
    for (let run = 0; run < 3; run += 1) expect((await world.ask(admin.token, query)).errors).toBeUndefined();
    const refused = await world.ask(member.token, query);
    expect(JSON.stringify(refused.data)).not.toContain('emergencyContact":"');
    const list = '{ people(first: 50) { edges { node { name phone } } } }';
    for (let run = 0; run < 3; run += 1) await world.ask(admin.token, list);
    expect((await world.ask(member.token, list)).data).not.toEqual((await world.ask(admin.token, list)).data);
  });

  it('6. an entity tag answers 304 for its own answer only, to whom it was given, and not once that has changed', async () => {
    const query = '{ assets { edges { node { name } } } }';
    const { headers } = await http.post({ query });
    const etag = headers.etag ?? '';
    const ifNoneMatch = { headers: { 'if-none-match': etag } };
    expect((await http.post({ query }, ifNoneMatch)).status).toBe(304);
    expect((await http.post({ query: '{ sites { name } }' }, ifNoneMatch)).status).toBe(200);
    expect((await http.post({ query }, { ...ifNoneMatch, token: world.globex.people.admin.token })).status).toBe(200);
    expect((await http.post({ query }, { ...ifNoneMatch, token: 'nobody' })).status).toBe(401);
    for (const name of ['freshfield:anything', '"operations:Asset"', 'Asset:1']) {
      const odd = await http.post({ query }, { headers: { 'if-none-match': name } });
      expect([odd.status, odd.text.includes('stack')]).toEqual([200, false]);
    }
    await world.database.owner.query(`UPDATE assets SET name = 'torch' WHERE name = 'lamp'`);
    const changed = await http.post({ query }, ifNoneMatch);
    expect([changed.status, changed.headers.etag === etag]).toEqual([200, false]);
  });

  it('9. a mutation with If-None-Match runs', async () => {
    const query = `mutation ($input: UpdatePreferencesInput!) { updatePreferences(input: $input) { __typename } }`;
    for (const etag of ['*', '"anything"']) {
      const variables = { input: { locale: 'en' } };
      const sent = await http.post({ query, variables }, { headers: { 'if-none-match': etag } });
      expect([sent.status, sent.text.includes('UpdatePreferences')]).toEqual([200, true]);
      expect([sent.headers.etag, sent.headers['cache-control']]).toEqual([undefined, 'no-store']);
    }
  });

  it('10. what belongs to the viewer is not shared, whatever alias it is asked under', async () => {
    const { admin, manager, member } = world.acme.people;
    const query = '{ me: viewer { who: person { anything: email } } again: viewer { unreadNotifications } }';
    const answers = new Set<string>();
    for (let run = 0; run < 3; run += 1) {
      for (const { token } of [admin, manager, member]) {
        const { data } = await world.ask(token, query);
        answers.add(data.me.who.anything);
      }
    }
    expect([...answers].toSorted()).toEqual(['admin@acme.test', 'manager@acme.test', 'member@acme.test']);
  });

  it('15. entity tags are quoted, lists and * match, and answers say who may keep them', async () => {
    const query = '{ sites { name } }';
    const { headers } = await http.post({ query });
    const etag = headers.etag ?? '';
    expect(etag).toMatch(/^"[\w-]{22,}"$/);
    expect(headers['cache-control']).toBe('private, no-cache');
    expect(headers.vary).toContain('Authorization');
    for (const named of [`"other", ${etag}`, `W/${etag}`, '*']) {
      expect((await http.post({ query }, { headers: { 'if-none-match': named } })).status).toBe(304);
    }
    expect((await http.post({ query }, { headers: { 'if-none-match': etag.slice(1, -1) } })).status).toBe(200);
  });

  it('an object that nobody may see is told from none by nothing', async () => {
    const { member } = world.acme.people;
    const hidden = `{ node(id: "${encodeGlobalId('Asset', newId())}") { id } }`;
    const foreign = `{ node(id: "${world.globex.people.admin.globalId}") { id } }`;
    const [none, other] = [await http.post({ query: hidden }, member), await http.post({ query: foreign }, member)];
    expect([none.headers.etag, none.status]).toEqual([other.headers.etag, other.status]);
  });
});
