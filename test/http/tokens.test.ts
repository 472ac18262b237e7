import { createHmac } from 'node:crypto';
import { exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { newId, type PersonId } from '../../src/ids.ts';
import { send } from '../support/send.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

const settings = { ...testTokens, issuer: 'https://issuer.test', audience: 'freshfield' };
const key = new TextEncoder().encode(settings.secret ?? '');

let world: World;
let app: App;
let url: string;
let rsa: Awaited<ReturnType<typeof generateKeyPair>>;
let publicPem: string;
beforeAll(async () => {
  world = await createWorld();
  app = createApp({ databaseUrl: world.database.url, tokens: settings });
  url = `${await app.listen(0)}/graphql`;
  rsa = await generateKeyPair('RS256', { extractable: true });
  publicPem = await exportSPKI(rsa.publicKey);
});
afterAll(async () => {
  await app.close();
  await world.close();
});

type Claims = Record<string, unknown>;
const nowS = () => Math.floor(Date.now() / 1000);
const good = (): Claims => ({
  sub: world.acme.people.member.id,
  tenant: world.acme.id,
  iss: settings.issuer,
  aud: settings.audience,
  exp: nowS() + 600,
});
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(good()).filter(([name]) => !names.includes(name)));

/** Signed by hand, so that a header or a claim may be as wrong as it likes. */
function signed(claims: unknown, header: object = {}, secret: string | Uint8Array = key): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}
const hashed = (algorithm: 'HS384' | 'HS512') => new SignJWT(good()).setProtectedHeader({ alg: algorithm }).sign(key);
const ask = (authorization: string, body = '{"query":"{ viewer { person { id } } }"}') =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', authorization }, body });

const refused: Record<string, () => string | Promise<string>> = {
  'has another secret': () => signed(good(), {}, 'another secret, just as long as the right one'),
  'has an empty secret': () => signed(good(), {}, ''),
  'has a cut signature': () => signed(good()).slice(0, -4),
  'has no signature': () => signed(good()).replace(/[^.]+$/, ''),
  'has a changed claim': () => {
    const [header, , signature] = signed(good()).split('.');
    const claims = { ...good(), sub: world.acme.people.admin.id };
    return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
  },
  'says alg none': () => signed(good(), { alg: 'none' }),
  'says alg none and is unsigned': () => signed(good(), { alg: 'none' }).replace(/[^.]+$/, ''),
  'says alg NONE': () => signed(good(), { alg: 'NoNe' }),
  'says alg RS256 but is signed with the secret': () => signed(good(), { alg: 'RS256' }),
  'says alg ES256 but is signed with the secret': () => signed(good(), { alg: 'ES256' }),
  'says alg hs256': () => signed(good(), { alg: 'hs256' }),
  'says no alg': () => signed(good(), { alg: undefined }),
  'says an alg that is a number': () => signed(good(), { alg: 256 }),
  'is signed with HS384': () => hashed('HS384'),
  'is signed with HS512': () => hashed('HS512'),
  "is signed with a stranger's RS256 key": () =>
    new SignJWT(good()).setProtectedHeader({ alg: 'RS256' }).sign(rsa.privateKey),
  'takes a public key for the secret': () => signed(good(), {}, publicPem),
  'brings its own key in jwk': () =>
    signed(good(), { jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, 'mine'),
  'points to its own keys in jku': () => signed(good(), { jku: 'http://127.0.0.1:9/keys', kid: 'mine' }, 'mine'),
  'points to its own certificate in x5u': () => signed(good(), { x5u: 'http://127.0.0.1:9/cert' }, 'mine'),
  'has a kid that is a path': () => signed(good(), { kid: '../../../../dev/null' }, ''),
  'has a kid that is SQL': () => signed(good(), { kid: "' UNION SELECT 'mine" }, 'mine'),
  'has a critical extension nobody knows': () => signed(good(), { crit: ['exp2'], exp2: 1 }),
  'has an unencoded payload': () => signed(good(), { b64: false, crit: ['b64'] }),
  'is a DPoP proof': () => signed(good(), { typ: 'dpop+jwt' }),
  'is a security event': () => signed(good(), { typ: 'secevent+jwt' }),
  'is of a type that is no text': () => signed(good(), { typ: 7 }),
  'has expired': () => signed({ ...good(), exp: nowS() - 6 }),
  'has no expiry': () => signed(without('exp')),
  'has an expiry that is text': () => signed({ ...good(), exp: '2999-01-01' }),
  'has an expiry that is null': () => signed({ ...good(), exp: null }),
  'is not valid yet': () => signed({ ...good(), nbf: nowS() + 60 }),
  'has a start that is text': () => signed({ ...good(), nbf: 'now' }),
  'has another issuer': () => signed({ ...good(), iss: 'https://issuer.test.evil' }),
  'has no issuer': () => signed(without('iss')),
  'has another audience': () => signed({ ...good(), aud: 'somebody-else' }),
  'has no audience': () => signed(without('aud')),
  'has an empty list of audiences': () => signed({ ...good(), aud: [] }),
  'has no subject': () => signed(without('sub')),
  'has a subject that is no uuid': () => signed({ ...good(), sub: 'admin' }),
  'has a subject that is SQL': () => signed({ ...good(), sub: `${world.acme.people.member.id}' OR true --` }),
  'has a subject with a line break': () => signed({ ...good(), sub: `${world.acme.people.member.id}\n` }),
  'has a subject that is a list': () => signed({ ...good(), sub: [world.acme.people.member.id] }),
  'has no tenant': () => signed(without('tenant')),
  'has a tenant by its name': () => signed({ ...good(), tenant: 'acme' }),
  'has a tenant that is an object': () => signed({ ...good(), tenant: { id: world.acme.id } }),
  'names a tenant that does not exist': () => signed({ ...good(), tenant: newId() }),
  'names a person of another tenant': () => signed({ ...good(), sub: world.globex.people.admin.id }),
  'names a person who does not exist': () => signed({ ...good(), sub: newId() }),
  'has claims that are a list': () => signed([good()]),
  'has claims that are no JSON': () => signed('not json'),
  'is encrypted in form': () => 'eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA',
  'is nothing': () => '...',
};

describe('a token is refused, with 401 for the whole request, when it', () => {
  it('is one of at least forty kinds', () => expect(Object.keys(refused).length).toBeGreaterThanOrEqual(40));

  for (const [what, make] of Object.entries(refused)) {
    it(what, async () => {
      const response = await ask(`Bearer ${await make()}`);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      const body = await response.json();
      expect(Object.keys(body)).toEqual(['errors']);
      expect(body.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    });
  }

  const deactivate = (id: PersonId, sql: string) => world.database.owner.query(sql, [world.acme.id, id]);
  it('names a person who has been deactivated, from their next request on', async () => {
    const { agent } = world.acme.people;
    const token = signed({ ...good(), sub: agent.id });
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    await deactivate(agent.id, 'UPDATE people SET active = false WHERE tenant_id = $1 AND id = $2');
    expect((await ask(`Bearer ${token}`)).status).toBe(401);
  });

  it('names a person who has been deleted', async () => {
    const { manager } = world.acme.people;
    const token = signed({ ...good(), sub: manager.id });
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    await deactivate(manager.id, 'DELETE FROM people WHERE tenant_id = $1 AND id = $2');
    expect((await ask(`Bearer ${token}`)).status).toBe(401);
  });
});

describe('an Authorization header is refused in the same way when it', () => {
  const token = () => signed(good());
  const malformed: Record<string, () => string> = {
    'is empty': () => '',
    'is only a scheme': () => 'Bearer',
    'is only a token': () => token(),
    'is Basic': () => `Basic ${Buffer.from('admin:admin').toString('base64')}`,
    'has two tokens': () => `Bearer ${token()} ${token()}`,
    'has a comma list': () => `Bearer ${token()}, Bearer ${token()}`,
    'has quotes': () => `Bearer "${token()}"`,
    'has a scheme that only begins so': () => `Bearers ${token()}`,
  };
  for (const [what, make] of Object.entries(malformed)) {
    it(what, async () => {
      const response = await ask(make());
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
    });
  }
});

it('refuses an Authorization header that comes twice', async () => {
  const authorization = [`Bearer ${signed(good())}`, `Bearer ${signed(good())}`];
  const headers = { 'content-type': 'application/json', authorization };
  expect((await send(url, { headers, body: '{"query":"{ __typename }"}' })).status).toBe(401);
});

it('refuses a bad token before it looks at the body', async () => {
  const token = signed({ ...good(), exp: nowS() - 60 });
  for (const body of ['{ "not json', '{"query":"{"}', '{"query":"{ __typename }"}']) {
    expect((await ask(`Bearer ${token}`, body)).status).toBe(401);
  }
});

describe('a token is accepted when it', () => {
  const accepted: Record<string, () => string> = {
    'is as it should be': () => signed(good()),
    'says no type': () => signed(good(), { typ: undefined }),
    'is an access token by RFC 9068': () => signed(good(), { typ: 'at+jwt' }),
    'has our audience among others': () => signed({ ...good(), aud: ['other', 'freshfield'] }),
    'expired within the clock tolerance': () => signed({ ...good(), exp: nowS() - 2 }),
    'starts within the clock tolerance': () => signed({ ...good(), nbf: nowS() + 2 }),
    'names keys of its own, which are not looked at': () =>
      signed(good(), { kid: 'x', jku: 'http://127.0.0.1:9/', x5u: 'http://127.0.0.1:9/' }),
  };
  for (const [what, make] of Object.entries(accepted)) {
    it(what, async () => {
      const response = await ask(`bearer  ${make()}`);
      expect(await response.json()).toMatchObject({
        data: { viewer: { person: { id: world.acme.people.member.globalId } } },
      });
    });
  }
});
