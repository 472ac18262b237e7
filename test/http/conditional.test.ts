import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { newId } from '../../src/ids.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { countStatements } from '../support/count-statements.ts';
import type { RawAnswer } from '../support/send.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;
/** On the same database, with `extensions.cache` switched off. */
let silent: App;
let ask: AskHttp;
let askSilent: AskHttp;
let clock = testNow;

beforeAll(async () => {
  world = await createWorld({ now: () => clock });
  silent = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => clock, cacheReport: false });
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
  askSilent = askHttp(await silent.listen(0), world.acme.people.admin.token);
});
afterAll(async () => {
  await silent.close();
  await world.close();
});

const list = 'query List { assets(first: 50) { totalCount edges { node { name } } } }';
const sites = 'query Sites { sites { name } }';
const etagOf = ({ headers }: RawAnswer) => String(headers.etag);
const statusOf = ({ json }: RawAnswer) => json?.extensions?.cache?.status;
const knowing = (etag: string, headers = {}) => ({ headers: { 'if-none-match': etag, ...headers } });

async function warm(asked: AskHttp, query: string): Promise<RawAnswer> {
  for (let run = 0; run < 5; run += 1) {
    const answer = await asked.post({ query });
    if (/; hit;/.test(String(answer.headers['cache-status']))) return answer;
  }
  throw new Error(`Never a hit: ${query}`);
}

async function addAsset(name: string): Promise<string> {
  const id = newId();
  await world.acme.session.write((trx) =>
    trx
      .insertInto('assets')
      .values({ id, name, tag: `${name}-${id}`, site_id: world.acme.sites.here })
      .execute(),
  );
  return id;
}

describe('an answer that is kept', () => {
  it('says how old it is, when it was made, and that clients are to ask again', async () => {
    await warm(ask, sites);
    const made = clock;
    const fresh = await ask.post({ query: sites }, { headers: { 'cache-control': 'no-cache' } });
    expect(fresh.headers).toMatchObject({
      'cache-status': expect.stringMatching(/^freshfield; fwd=request; stored; ttl=\d+; detail="refresh/),
      age: '0',
      etag: expect.stringMatching(/^"[\w-]{24}"$/),
      'last-modified': made.toUTCString(),
      'cache-control': 'private, no-cache',
      vary: 'Authorization, Accept',
    });
    clock = new Date(made.getTime() + 7_900);
    const hit = await ask.post({ query: sites });
    expect(hit.headers).toMatchObject({
      'cache-status': expect.stringMatching(/^freshfield; hit; ttl=\d+$/),
      age: '7',
      etag: etagOf(fresh),
      'last-modified': made.toUTCString(),
      'x-request-id': expect.any(String),
      'x-content-type-options': 'nosniff',
    });
  });

  it('has one entity tag for all media types, methods and ways to send it', async () => {
    const answers = [
      await ask.post({ query: sites }),
      await ask.get({ query: sites }),
      await ask.get({ query: sites }, { headers: { accept: 'application/graphql-response+json' } }),
      await askSilent.post({ query: sites }),
    ];
    expect(new Set(answers.map(etagOf)).size).toBe(1);
  });

  it('is not sent again to a client that has it: 304, by GET and by POST, with all that was said of it', async () => {
    const whole = await warm(ask, sites);
    const known = knowing(etagOf(whole), { 'x-request-id': 'mine' });
    for (const answer of [await ask.get({ query: sites }, known), await ask.post({ query: sites }, known)]) {
      expect(answer.status).toBe(304);
      expect(answer.text).toBe('');
      for (const name of ['etag', 'cache-control', 'vary', 'last-modified', 'cache-status', 'age']) {
        expect(answer.headers[name], name).toBe(whole.headers[name]);
      }
      expect(answer.headers['x-request-id']).toBe('mine');
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('content-t'))).toEqual([]);
      expect(answer.headers).not.toHaveProperty('content-length');
    }
  });

  it('is sent again after a change, and not after the change was taken back', async () => {
    const id = await addAsset('lamp');
    const rename = (name: string) =>
      world.database.owner.query('UPDATE assets SET name = $1 WHERE id = $2', [name, id]);
    const before = await ask.post({ query: list });
    await rename('bulb');
    const after = await ask.post({ query: list }, knowing(etagOf(before)));
    expect(after.status).toBe(200);
    expect(after.text).toContain('bulb');
    expect(after.headers['cache-status']).toMatch(/^freshfield; fwd=stale; stored; .*changed: asset/);
    expect(etagOf(after)).not.toBe(etagOf(before));
    await rename('lamp');
    const again = await ask.post({ query: list }, knowing(etagOf(before)));
    expect(again.status).toBe(304);
    expect(again.headers['cache-status']).toMatch(/fwd=stale/);
  });

  const named: Record<string, (etag: string) => string> = {
    'a weak tag': (etag) => `W/${etag}`,
    'a list': (etag) => `"other", ${etag}`,
    'a star': () => '*',
  };
  for (const [what, field] of Object.entries(named)) {
    it(`is known by ${what}`, async () => {
      const etag = etagOf(await warm(ask, sites));
      expect((await ask.post({ query: sites }, knowing(field(etag)))).status).toBe(304);
    });
  }

  const broken: Record<string, (etag: string) => string> = {
    'nothing in particular': () => 'nothing',
    'the tag without quotes': (etag) => etag.replaceAll('"', ''),
    'a list with something broken in it': (etag) => `${etag}, oops`,
    'a key of the cache': () => 'freshfield:response',
    'a request directive': () => 'no-cache',
  };
  for (const [what, field] of Object.entries(broken)) {
    it(`is sent whole to a client that names ${what}`, async () => {
      const whole = await warm(ask, sites);
      const answer = await ask.post({ query: sites }, knowing(field(etagOf(whole))));
      expect(answer.status).toBe(200);
      expect(answer.json.data).toEqual(whole.json.data);
    });
  }

  it('is sent whole for If-Modified-Since alone: a second is too long to tell two answers apart', async () => {
    const whole = await warm(ask, sites);
    const headers = { 'if-modified-since': String(whole.headers['last-modified']) };
    expect((await ask.get({ query: sites }, { headers })).status).toBe(200);
  });
});

describe('an entity tag', () => {
  it('of another operation, other variables, another tenant or another viewer gives 200', async () => {
    const upsert = 'mutation { upsertChoice(input: { kind: ASSET_TYPE, key: "van", label: "Van" }) { __typename } }';
    await ask.post({ query: upsert });
    const of = (kind: string, field = 'key') => ({
      query: `query Kinds($kind: ChoiceKind!) { choices(kind: $kind) { ${field} } me: viewer { person { id } } }`,
      variables: { kind },
    });
    const known = knowing(etagOf(await ask.post(of('ASSET_TYPE'))));
    const others = [
      await ask.post({ query: sites }, known),
      await ask.post(of('ASSET_TYPE', 'label'), known),
      await ask.post(of('LEAVE_TYPE'), known),
      await ask.post(of('ASSET_TYPE'), { ...known, token: world.acme.people.manager.token }),
      await ask.post(of('ASSET_TYPE'), { ...known, token: world.globex.people.admin.token }),
    ];
    expect(others.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await ask.post(of('ASSET_TYPE'), known)).status).toBe(304);
  });

  it('opens nothing: without a token, with a bad one, or to somebody who lost the permission, there is no 304', async () => {
    const query = 'query Lost { assets(first: 3) { totalCount } }';
    const { manager } = world.globex.people;
    const etag = etagOf(await ask.post({ query }, { token: manager.token }));
    for (const field of [etag, '*']) {
      expect((await ask.get({ query }, { ...knowing(field), token: null })).status).toBe(401);
      expect((await ask.get({ query }, { ...knowing(field), token: 'x.y.z' })).status).toBe(401);
    }
    expect((await ask.get({ query }, { ...knowing(etag), token: manager.token })).status).toBe(304);
    await world.database.owner.query('DELETE FROM person_roles WHERE person_id = $1', [manager.id]);
    const lost = await ask.get({ query }, { ...knowing(etag), token: manager.token });
    expect(lost.json.errors[0].extensions.code).toBe('FORBIDDEN');
    expect(lost.status).toBe(200);
  });

  it('on a mutation changes nothing: it runs', async () => {
    const query = 'mutation { upsertChoice(input: { kind: JOB_TYPE, key: "conditional", label: "C" }) { __typename } }';
    const answer = await ask.post({ query }, knowing('*'));
    expect(answer.json.data.upsertChoice.__typename).toBe('UpsertChoicePayload');
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(answer.headers).not.toHaveProperty('etag');
  });
});

describe('nothing is to be kept of', () => {
  const queries: Record<string, string> = {
    'an answer with errors': '{ dashboard(siteId: "nonsense") { people { active } } }',
    'half an answer': '{ sites { name } node(id: "nonsense") { id } }',
    'a document that does not fit': '{ nonsense }',
    'a document that cannot be read': '{',
    introspection: '{ __schema { queryType { name } } }',
    'what is never cached': '{ viewer { person { emergencyContact } } }',
    'a mutation that is refused': 'mutation { deleteTicket(input: { id: "x" }) { __typename } }',
  };
  for (const [what, query] of Object.entries(queries)) {
    it(what, async () => {
      for (const answer of [await ask.post({ query }), await ask.post({ query }, knowing('*'))]) {
        expect(answer.status).not.toBe(304);
        expect(answer.headers['cache-control']).toBe('no-store');
        for (const name of ['etag', 'age', 'last-modified']) expect(answer.headers).not.toHaveProperty(name);
      }
    });
  }
});

describe('with the report switched off', () => {
  it('nothing but data is answered, and the entity tag is the hash of the very bytes', async () => {
    const answer = await warm(askSilent, list);
    expect(Object.keys(answer.json)).toEqual(['data']);
    expect(etagOf(answer)).toBe(`"${createHash('sha256').update(answer.text).digest('base64url').slice(0, 24)}"`);
    const mutation = 'mutation { upsertChoice(input: { kind: JOB_TYPE, key: "off", label: "Off" }) { __typename } }';
    const changed = await askSilent.post({ query: mutation });
    expect(Object.keys(changed.json)).toEqual(['data']);
    expect(changed.headers['x-cache-token']).toMatch(/^\d+$/);
  });

  it('the same tag means the same bytes, and the same bytes the same tag, whoever asks for what after which change', async () => {
    const people = [...Object.values(world.acme.people), ...Object.values(world.globex.people)];
    const queries = [list, sites, '{ sites { name code } }', '{ s: sites { name } }', '{ assets { totalCount } }'];
    const id = await addAsset('property');
    const step = fc.record({
      query: fc.constantFrom(...queries),
      token: fc.constantFrom(...people.map(({ token }) => token)),
      name: fc.option(fc.constantFrom('one', 'two', 'three'), { freq: 3 }),
    });
    const bytesOf = new Map<string, string>();
    const tagOf = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        for (const { query, token, name } of steps) {
          if (name) await world.database.owner.query('UPDATE assets SET name = $1 WHERE id = $2', [name, id]);
          const answer = await askSilent.post({ query }, { token });
          if (answer.json.errors) continue; // of those who may not: never kept
          expect(bytesOf.get(etagOf(answer)) ?? answer.text).toBe(answer.text);
          expect(tagOf.get(answer.text) ?? etagOf(answer)).toBe(etagOf(answer));
          bytesOf.set(etagOf(answer), answer.text);
          tagOf.set(answer.text, etagOf(answer));
          expect((await askSilent.post({ query }, { token, ...knowing(etagOf(answer)) })).status).toBe(304);
        }
      }),
      { numRuns: 25 },
    );
    expect(bytesOf.size).toBeGreaterThan(3);
  });
});

describe('a request may ask', () => {
  const control = (field: string) => ({ headers: { 'cache-control': field } });

  it('no-cache: for an answer made afresh, which is kept', async () => {
    const before = await warm(ask, sites);
    clock = new Date(clock.getTime() + 60_000);
    const fresh = await ask.post({ query: sites }, control('no-cache'));
    expect([statusOf(fresh), fresh.headers.age]).toEqual(['MISS', '0']);
    const after = await ask.post({ query: sites });
    expect([statusOf(after), after.headers['last-modified']]).toEqual(['HIT', clock.toUTCString()]);
    expect(before.headers['last-modified']).not.toBe(clock.toUTCString());
  });

  it('no-store: for an answer of which nothing is left, here or there', async () => {
    const query = 'query Trace { sites { code name } }';
    for (let run = 0; run < 3; run += 1) {
      const answer = await ask.post({ query }, control('no-store'));
      expect(answer.headers).toMatchObject({
        'cache-status': 'freshfield; fwd=request; detail="no-store"',
        'cache-control': 'no-store',
      });
      expect(answer.headers).not.toHaveProperty('etag');
    }
    expect(statusOf(await ask.post({ query }))).toBe('MISS');
  });

  for (const accept of ['application/json', 'application/graphql-response+json']) {
    it(`only-if-cached: 504 where there is nothing, as ${accept}`, async () => {
      const query = `query Cached${accept.length} { sites { name } }`;
      const headers = { accept, 'cache-control': 'only-if-cached' };
      const none = await ask.post({ query }, { headers });
      expect([none.status, none.json.errors[0].extensions.code]).toEqual([504, 'NOT_CACHED']);
      expect(none.headers['cache-control']).toBe('no-store');
      expect(none.json).not.toHaveProperty('data');
      await warm(ask, query);
      const some = await ask.post({ query }, { headers });
      expect([some.status, statusOf(some)]).toEqual([200, 'HIT']);
      await world.database.owner.query(`UPDATE sites SET name = name || '!' WHERE tenant_id = $1`, [world.acme.id]);
      expect((await ask.post({ query }, { headers })).status).toBe(504);
    });
  }

  it.each(['no-cache, only-if-cached', 'only-if-cached, no-store', 'only-if-cached, max-age=0'])(
    'nothing that only-if-cached rules out: %s is 504, kept or not, and leaves what is kept alone',
    async (field) => {
      const kept = await warm(ask, sites);
      const refused = await ask.post({ query: sites }, control(field));
      expect([refused.status, refused.json.errors[0].extensions.code]).toEqual([504, 'NOT_CACHED']);
      const after = await ask.post({ query: sites }, control('only-if-cached'));
      expect([statusOf(after), after.headers.etag]).toEqual(['HIT', kept.headers.etag]);
    },
  );

  it.each(['{ people { edges { node { emergencyContact } } } }', '{ __schema { description } }', '{ __typename }'])(
    'only-if-cached: 504 for what is never kept: %s',
    async (query) => {
      const statements = await countStatements(() => ask.post({ query }, control('only-if-cached')));
      expect([statements.result.status, statements.forAnswer]).toEqual([504, []]);
    },
  );

  it('only-if-cached: a hit tells its level, and what is wrong with a request is told as ever', async () => {
    await warm(ask, sites);
    const { cache } = (await ask.post({ query: sites }, control('only-if-cached'))).json.extensions;
    expect(cache).toMatchObject({ status: 'HIT', level: 'L1' });
    const query = 'query ($days: Int!) { ticketStatistics(days: $days) { opened } }';
    for (const field of ['only-if-cached', '']) {
      const wrong = (await ask.post({ query, variables: { days: 'x' } }, control(field))).json;
      expect(wrong.errors[0].extensions.code).toBe('BAD_USER_INPUT');
      expect(wrong.extensions.cache).toMatchObject({ status: 'BYPASS', reason: 'it has errors' });
    }
  });

  it('max-age: for nothing older', async () => {
    await ask.post({ query: sites }, control('no-cache'));
    clock = new Date(clock.getTime() + 10_000);
    expect(statusOf(await ask.post({ query: sites }, control('max-age=10')))).toBe('HIT');
    expect(statusOf(await ask.post({ query: sites }, control('max-age=9')))).toBe('MISS');
    expect(statusOf(await ask.post({ query: sites }, control('max-age=9')))).toBe('HIT');
    expect(statusOf(await ask.post({ query: sites }, control('max-age=0')))).toBe('MISS');
    expect(statusOf(await ask.post({ query: sites }, control('max-age=99999999999999999999')))).toBe('HIT');
  });

  it('for nothing without a token', async () => {
    const answer = await ask.post({ query: '{ __typename }' }, { ...control('only-if-cached, no-cache'), token: null });
    expect(answer.json).toEqual({ data: { __typename: 'Query' } });
  });
});
