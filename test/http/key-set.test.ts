import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { createWorld, type World } from '../support/world.ts';

/** An issuer of tokens on loopback: its keys can be changed, and it can go down. */
interface Issuer {
  keys: JWK[];
  state: 'up' | 'down' | 'hangs' | 'nonsense';
  reads: number;
}

const maxAgeMs = 60_000;
const staleMs = 600_000;
const cooldownMs = 5_000;

let world: World;
let server: Server;
let issuer: Issuer;
let app: App;
let url: string;
let clock: number;

beforeAll(async () => {
  world = await createWorld();
  server = createServer((_request, response) => {
    issuer.reads += 1;
    if (issuer.state === 'hangs') return;
    response.statusCode = issuer.state === 'down' ? 500 : 200;
    response.end(issuer.state === 'nonsense' ? '<html>' : JSON.stringify({ keys: issuer.keys }));
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => void server.close(done));
  await world.close();
});
beforeEach(async () => {
  issuer = { keys: [], state: 'up', reads: 0 };
  clock = 0;
  app = createApp({
    databaseUrl: world.database.url,
    tokens: {
      secret: null,
      jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
      issuer: null,
      audience: null,
      keySet: { maxAgeMs, staleMs, cooldownMs, timeoutMs: 300, now: () => clock },
    },
  });
  url = `${await app.listen(0)}/graphql`;
});
afterEach(() => app.close());

async function newKey(alg: string, kid: string, published: Partial<JWK> = {}) {
  const pair = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig', ...published };
  const sign = (header: object = {}) =>
    new SignJWT({ tenant: world.acme.id })
      .setProtectedHeader({ alg, kid, ...header })
      .setSubject(world.acme.people.member.id)
      .setExpirationTime('10m')
      .sign(pair.privateKey);
  return { jwk, sign };
}

async function ask(token: string): Promise<{ status: number; code?: string }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{"query":"{ viewer { person { id } } }"}',
  });
  const body = await response.json();
  return { status: response.status, code: body.errors?.[0].extensions.code };
}

for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']) {
  it(`accepts ${alg} by a published key`, async () => {
    const key = await newKey(alg, 'one');
    issuer.keys = [key.jwk];
    expect(await ask(await key.sign())).toEqual({ status: 200 });
  });
}

it('reads the keys once for many requests, together and one after another', async () => {
  const key = await newKey('ES256', 'one');
  issuer.keys = [key.jwk];
  const token = await key.sign();
  await Promise.all(Array.from({ length: 10 }, () => ask(token)));
  await ask(token);
  expect(issuer.reads).toBe(1);
});

it('notices a rotation at the first token of the new key, and drops the old key when it is gone', async () => {
  const [before, after] = [await newKey('RS256', 'before'), await newKey('RS256', 'after')];
  issuer.keys = [before.jwk];
  expect((await ask(await before.sign())).status).toBe(200);
  issuer.keys = [after.jwk];
  clock += cooldownMs;
  expect((await ask(await after.sign())).status).toBe(200);
  expect(await ask(await before.sign())).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
});

it('lets made-up keys cost the issuer one read per cooldown', async () => {
  const [known, madeUp] = [await newKey('ES256', 'known'), await newKey('ES256', 'made-up')];
  issuer.keys = [known.jwk];
  for (let turn = 0; turn < 5; turn += 1) {
    const token = await madeUp.sign({ kid: `made-up-${turn}` });
    expect(await ask(token)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
  }
  expect(issuer.reads).toBe(1);
});

describe.each(['down', 'hangs', 'nonsense'] as const)('while the issuer is %s', (state) => {
  it('answers 503, not 401, to a token that only the issuer could vouch for, and recovers', async () => {
    const key = await newKey('ES256', 'one');
    issuer = { ...issuer, keys: [key.jwk], state };
    expect(await ask(await key.sign())).toEqual({ status: 503, code: 'SERVICE_UNAVAILABLE' });
    issuer.state = 'up';
    clock += cooldownMs;
    expect((await ask(await key.sign())).status).toBe(200);
  });

  it('goes on with the keys it has, past their age, without asking for each request', async () => {
    const key = await newKey('ES256', 'one');
    issuer.keys = [key.jwk];
    expect((await ask(await key.sign())).status).toBe(200);
    issuer.state = state;
    clock += maxAgeMs + 1;
    for (let turn = 0; turn < 3; turn += 1) expect((await ask(await key.sign())).status).toBe(200);
    expect(issuer.reads).toBe(2);
    clock += staleMs;
    expect((await ask(await key.sign())).status).toBe(503);
  });
});

it('refuses what the published keys do not vouch for', async () => {
  const [rsa, ec, weak] = [await newKey('RS256', 'rsa'), await newKey('ES256', 'ec'), await newKey('ES256', 'enc')];
  const octet: JWK = { kty: 'oct', kid: 'shared', alg: 'HS256', k: Buffer.from('a'.repeat(32)).toString('base64url') };
  issuer.keys = [rsa.jwk, ec.jwk, octet, { ...weak.jwk, use: 'enc' }];
  const claims = () =>
    new SignJWT({ tenant: world.acme.id }).setSubject(world.acme.people.member.id).setExpirationTime('10m');
  const tokens = [
    await claims()
      .setProtectedHeader({ alg: 'HS256', kid: 'shared' })
      .sign(new TextEncoder().encode('a'.repeat(32))),
    // The classic: the public key, known to all, as the secret of an HMAC.
    await claims()
      .setProtectedHeader({ alg: 'HS256', kid: 'rsa' })
      .sign(new TextEncoder().encode(JSON.stringify(rsa.jwk))),
    await ec.sign({ kid: 'rsa' }),
    await weak.sign(),
    await (await newKey('RS256', 'rsa')).sign(),
    await (await newKey('ES256', 'ec')).sign({ jwk: ec.jwk, jku: 'http://127.0.0.1:9/' }),
  ];
  for (const token of tokens) expect(await ask(token)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
});

it('refuses a token that it has accepted before, as soon as the key that vouched for it is gone', async () => {
  const [before, after] = [await newKey('ES256', 'before'), await newKey('ES256', 'after')];
  issuer.keys = [before.jwk];
  const token = await before.sign();
  for (let turn = 0; turn < 3; turn += 1) expect((await ask(token)).status).toBe(200);
  issuer.keys = [after.jwk];
  clock += cooldownMs;
  expect((await ask(await after.sign())).status).toBe(200);
  expect(await ask(token)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
});

it('reads the keys again when they are old, though it has accepted the token before', async () => {
  const key = await newKey('ES256', 'one');
  issuer.keys = [key.jwk];
  const token = await key.sign();
  for (let turn = 0; turn < 3; turn += 1) expect((await ask(token)).status).toBe(200);
  issuer.keys = [];
  clock += maxAgeMs;
  expect(await ask(token)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
});
