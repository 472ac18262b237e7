import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { checkSignature } from '../../src/http/purge-signature.ts';
import { newId } from '../../src/ids.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

const secret = 'a secret for signed purges, long enough';
const url = (base: string) => `${base}/cache/purge`;

let world: World;
/** A node that takes signed purges; those of the world take none. */
let node: App;
let nodeUrl: string;
let now = testNow;
let log: Record<string, unknown>[] = [];

beforeAll(async () => {
  world = await createWorld();
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(JSON.parse(line)) });
  const cache = { purgeSecret: secret };
  node = createApp({ databaseUrl: world.database.url, tokens: testTokens, now: () => now, logger, cache });
  nodeUrl = await node.listen(0);
});
afterAll(async () => {
  await node.close();
  await world.close();
});
beforeEach(() => {
  now = testNow;
  log = [];
});

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);
const sign = (body: string, at = now, key = secret) =>
  `t=${seconds(at)},v1=${createHmac('sha256', key)
    .update(`${seconds(at)}.${body}`)
    .digest('hex')}`;

interface Sending {
  signature?: string | null;
  method?: string;
  headers?: Record<string, string>;
}

async function send(body: string, { signature = sign(body), method = 'POST', headers = {} }: Sending = {}) {
  const response = await fetch(url(nodeUrl), {
    method,
    headers: {
      'content-type': 'application/json',
      ...(signature && { 'x-freshfield-signature': signature }),
      ...headers,
    },
    ...(method === 'POST' && { body }),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}

let sent = 0;
/** Each request is another: the same one is not carried out twice. */
const purge = (asked: object) => {
  sent += 1;
  const at = new Date(now.getTime() - 1000 * (sent % 200));
  const body = JSON.stringify(asked);
  return send(body, { signature: sign(body, at) });
};

const message = ({ json }: Awaited<ReturnType<typeof send>>): string => json.errors[0].message;
const statusOf = ({ extensions }: { extensions?: Record<string, unknown> }) =>
  (extensions?.['cache'] as { status?: string } | undefined)?.status;
const assets = '{ assets(first: 1) { totalCount } }';
const sites = 'query Sites { sites { name } }';

async function warm(query: string, token = world.acme.people.admin.token) {
  for (let run = 0; statusOf(await world.ask(token, query)) !== 'HIT'; run += 1) {
    if (run === 5) throw new Error(`Never a hit: ${query}`);
  }
}

async function audits() {
  const { rows } = await world.database.owner.query(
    'SELECT tenant_id, via, actor_id, asked, tags, soft, dry_run FROM cache_audits ORDER BY id',
  );
  return rows;
}

describe('a signed purge', () => {
  it('is seen by the next read on another node, leaves the rest and other tenants alone, and is written down', async () => {
    const { admin } = world.acme.people;
    await Promise.all([warm(assets), warm(sites), warm(assets, world.globex.people.admin.token)]);
    const { status, json } = await purge({ tenant: 'acme', type: 'Asset' });
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        tenant: 'acme',
        purged: { tags: ['L:asset', 'A:asset'], soft: false, dryRun: false, entriesHere: null, bytesHere: null },
        token: expect.stringMatching(/^\d+$/),
      },
    });
    expect(statusOf(await world.ask(admin.token, assets))).toBe('MISS');
    expect(statusOf(await world.ask(admin.token, sites))).toBe('HIT');
    expect(statusOf(await world.ask(world.globex.people.admin.token, assets))).toBe('HIT');
    expect((await audits()).at(-1)).toEqual({
      tenant_id: world.acme.id,
      via: 'signed',
      actor_id: null,
      asked: { type: 'Asset', ids: null },
      tags: ['L:asset', 'A:asset'],
      soft: false,
      dry_run: false,
    });
    expect(log.find(({ msg }) => msg === 'cache purge')).toMatchObject({ tenantId: world.acme.id, via: 'signed' });
    expect(log.find(({ msg }) => msg === 'request')).toMatchObject({ path: '/cache/purge', status: 200 });
  });

  it('names ids, tags, operations and everything as the mutation does, softly or not', async () => {
    const id = newId();
    const ids = [encodeGlobalId('Asset', id)];
    for (const [asked, tags] of [
      [{ type: 'Asset', ids }, [`E:asset:${id}`, 'L:asset']],
      [{ tag: 'weather' }, ['T:weather']],
      [{ operationName: 'Sites', soft: true }, ['T:operation:Sites']],
      [{ tenantWide: true }, ['*']],
    ] as const) {
      const { json } = await purge({ tenant: 'acme', ...asked });
      expect(json.purged).toMatchObject({ tags });
    }
    await warm(sites);
    await purge({ tenant: 'acme', operationName: 'Sites', soft: true });
    const { extensions } = await world.ask(world.acme.people.admin.token, sites);
    expect(extensions?.['cache']).toMatchObject({ status: 'MISS', reason: expect.stringMatching(/^soft-purge/) });
  });

  it('that is a dry run purges nothing and counts what this node holds', async () => {
    await warm(assets);
    const { json } = await purge({ tenant: 'acme', tenantWide: true, dryRun: true });
    expect(json).toMatchObject({ purged: { dryRun: true, entriesHere: 0, bytesHere: 0 }, token: null });
    expect(statusOf(await world.ask(world.acme.people.admin.token, assets))).toBe('HIT');
  });

  it('is carried out once, whoever sends it again and however often', async () => {
    const body = JSON.stringify({ tenant: 'acme', tag: 'once' });
    const before = (await audits()).length;
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(body)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
    const again = await send(body);
    expect(again.status).toBe(409);
    expect(message(again)).toMatch(/^This signature was used before, so it is done already\. Sign again/);
    expect(await audits()).toHaveLength(before + 1);
  });
});

describe('the signature', () => {
  const body = JSON.stringify({ tenant: 'acme', tenantWide: true });
  const at = (s: number) => new Date(testNow.getTime() + s * 1000);

  it.each([
    ['missing', null, /^Send one X-Freshfield-Signature, as "t=</],
    ['of another form', 'sha256=abc', /^Send one X-Freshfield-Signature/],
    ['without a time', () => sign(body).replace(/^t=\d+,/, ''), /^Send one X-Freshfield-Signature/],
    ['in capitals', () => sign(body).replace(/v1=.*/, (v1) => v1.toUpperCase()), /^Send one/],
    ['too short', () => sign(body).slice(0, -2), /^Send one/],
    ['of another body', () => sign(`${body} `), /^The signature is not that of this body/],
    [
      'of another secret',
      () => sign(body, testNow, 'another secret for signed purges, as long'),
      /not that of this body/,
    ],
    ['of the body alone', () => sign(body).replace(/v1=.*/, `v1=${hmac(body)}`), /not that of this body/],
    ['for another time', () => sign(body).replace(/t=\d+/, `t=${seconds(testNow) + 1}`), /not that of this body/],
    ['old', () => sign(body, at(-301)), /^The signature is older than 300 seconds\. Sign when you send/],
    ['of the future', () => sign(body, at(301)), /^The signature is newer than 300 seconds/],
  ] as const)('that is %s is refused with 401, and says how it is made', async (_what, signature, advice) => {
    const before = (await audits()).length;
    const refused = await send(body, { signature: typeof signature === 'function' ? signature() : signature });
    expect(refused.status).toBe(401);
    expect(refused.json.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(refused.headers.get('www-authenticate')).toBe('Freshfield-Signature');
    expect(message(refused)).toMatch(advice);
    expect(await audits()).toHaveLength(before);
  });

  it('is good within five minutes, either way', async () => {
    for (const away of [-300, 300]) expect((await send(body, { signature: sign(body, at(away)) })).status).toBe(200);
  });

  it('is that of the very bytes: any other body, time or digit is refused', () => {
    const bytes = fc.uint8Array({ maxLength: 60 });
    const check = (own: Uint8Array, signature: string) =>
      checkSignature({ secret, sent: [signature], body: own, now: testNow });
    fc.assert(
      fc.property(bytes, bytes, fc.nat(63), (own, other, place) => {
        const signature = sign2(own);
        expect(check(own, signature)).toContain('.');
        if (Buffer.compare(own, other) !== 0) expect(() => check(other, signature)).toThrow('not that of this body');
        const index = signature.length - 1 - place;
        const digit = signature[index] === 'a' ? 'b' : 'a';
        const forged = signature.slice(0, index) + digit + signature.slice(index + 1);
        expect(() => check(own, forged)).toThrow('not that of this body');
      }),
    );
  });
});

const hmac = (body: string) => createHmac('sha256', secret).update(body).digest('hex');
const sign2 = (body: Uint8Array) =>
  `t=${seconds(testNow)},v1=${createHmac('sha256', secret)
    .update(`${seconds(testNow)}.`)
    .update(body)
    .digest('hex')}`;

describe('bad input', () => {
  const asset = () => encodeGlobalId('Asset', newId());
  it.each([
    [{ tenantWide: true }, 400, /^tenant: Send the slug of the tenant\./],
    [{ tenant: 7, tenantWide: true }, 400, /^tenant: Send the slug/],
    [{ tenant: 'nobody', tenantWide: true }, 404, /^The tenant "nobody" was not found\.$/],
    [{ tenant: 'acme' }, 400, /^input: Say what to purge/],
    [{ tenant: 'acme', tag: 'x', tenantWide: true }, 400, /^tenantWide: Send one of .*: not tag and tenantWide\.$/],
    [{ tenant: 'acme', type: 'Dashboard' }, 400, /^type: Send one of Asset, /],
    [{ tenant: 'acme', type: 'Asset', ids: 'all' }, 400, /^ids: Send a list of ids\.$/],
    [{ tenant: 'acme', type: 'Asset', ids: [7] }, 400, /^ids\.0: Send ids as this API gave them out\.$/],
    [{ tenant: 'acme', type: 'Site', ids: [asset()] }, 400, /^ids\.0: Send the id of a Site/],
    [{ tenant: 'acme', type: 'Asset', ids: Array.from({ length: 501 }, asset) }, 400, /^ids: Send at most 500 ids/],
    [{ tenant: 'acme', tenantwide: true }, 400, /tenantwide/],
    [{ tenant: 'acme', tag: 'x', soft: 'yes' }, 400, /^soft: Send true or false as soft\.$/],
    [[], 400, /^input: /],
    [null, 400, /^tenant: /],
  ] as const)('%j is refused', async (asked, status, advice) => {
    const before = (await audits()).length;
    const refused = await purge(asked as object);
    expect(message(refused)).toMatch(advice);
    expect(refused.status).toBe(status);
    expect(await audits()).toHaveLength(before);
  });

  it('that is no JSON, no POST, of another type or too long is refused', async () => {
    expect(message(await send('{'))).toBe('The body is not JSON in UTF-8.');
    const got = await send('', { method: 'GET' });
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send('{}', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    const long = await send(JSON.stringify({ tenant: 'acme', tag: 'x'.repeat(70_000) }));
    expect([long.status, message(long)]).toEqual([413, 'The request body may have at most 65536 bytes.']);
  });

  it('finds nothing on a server without the secret, whatever it is', async () => {
    const body = JSON.stringify({ tenant: 'acme', tenantWide: true });
    const response = await fetch(url(world.baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-freshfield-signature': sign(body) },
      body,
    });
    expect(response.status).toBe(404);
  });
});
