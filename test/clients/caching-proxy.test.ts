import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askHttp } from '../support/ask-http.ts';
import { until } from '../support/built-server.ts';
import { send } from '../support/send.ts';
import { describeBehindNginx, eager } from './behind-nginx.ts';
import { brief } from './mottos.ts';
import { startNginx, type Nginx } from './nginx.ts';
import { createNodes, openGate, type Nodes } from './nodes.ts';
import { parts } from './parts.ts';

describeBehindNginx(() => {
  let nodes: Nodes;
  let nginx: Nginx;
  let [usual, keen] = ['', ''];
  const seen: { ifNoneMatch: string | undefined; status: number }[] = [];

  beforeAll(async () => {
    nodes = await createNodes();
    nodes.app.server.on('request', ({ headers }, response) => {
      response.once('finish', () => {
        seen.push({ ifNoneMatch: headers['if-none-match'], status: response.statusCode });
      });
    });
    nginx = await startNginx([
      { origin: nodes.baseUrl, settings: '' },
      { origin: nodes.baseUrl, settings: eager },
    ]);
    [usual = '', keen = ''] = nginx.urls;
  });
  afterAll(async () => {
    await nginx.stop();
    await nodes.close();
  });

  const token = () => nodes.acme.people.admin.token;
  /** What nginx says it did. */
  const kept = ({ headers }: { headers: Record<string, unknown> }) => headers['x-proxy-cache'];

  describe('an answer that is the same for everybody', () => {
    it('is kept for as long as it says, and served to others, with the server unasked', async () => {
      for (const via of [usual, keen]) {
        const query = `query Motto${new URL(via).port} { motto }`;
        const first = await askHttp(via, token()).get({ query });
        expect([kept(first), first.headers['cache-control']]).toEqual(['MISS', 'public, max-age=60, s-maxage=60']);
        seen.length = 0;
        for (const other of [token(), nodes.globex.people.member.token, null]) {
          const again = await askHttp(via, other).get({ query });
          expect([kept(again), again.json.data]).toEqual(['HIT', { motto: 'Stay fresh.' }]);
        }
        expect(seen).toEqual([]);
      }
    });

    it('is asked about after its time: 304, and it is kept on; and sent anew where it is another', async () => {
      const query = 'query Brief { briefMotto }';
      const ask = askHttp(usual, token());
      const first = await ask.get({ query });
      expect([kept(first), first.headers['cache-control']]).toEqual(['MISS', 'public, max-age=1, s-maxage=1']);
      seen.length = 0;
      await until(async () => kept(await ask.get({ query })) === 'REVALIDATED');
      expect(seen).toMatchObject([{ ifNoneMatch: first.headers.etag, status: 304 }]);
      const again = await ask.get({ query });
      expect(again.text).toBe(first.text);
      expect(['HIT', 'REVALIDATED']).toContain(kept(again)); // another second may have passed

      brief.motto = 'second';
      await askHttp(nodes.baseUrl, token()).get({ query }, { headers: { 'cache-control': 'no-cache' } });
      let latest = await ask.get({ query });
      await until(async () => {
        latest = await ask.get({ query });
        return kept(latest) === 'EXPIRED';
      });
      expect(latest.json.data).toEqual({ briefMotto: 'second' });
      expect(latest.headers.etag).not.toBe(first.headers.etag);
    });

    it('is never kept where it is to be asked about each time, nor where it is not the same', async () => {
      for (const query of ['{ askedMotto }', '{ falseMotto }', '{ tenantMotto }', '{ motto tenantMotto }']) {
        for (let run = 0; run < 3; run += 1)
          expect(kept(await askHttp(keen, token()).get({ query })), query).toBe('MISS');
      }
    });

    it('comes in the media type that each client asks for, whoever asked first', async () => {
      const types = ['application/graphql-response+json', 'application/json', 'text/event-stream', 'multipart/mixed'];
      for (const run of ['first', 'second']) {
        for (const accept of types) {
          const { headers, text } = await askHttp(keen, token()).get(
            { query: '{ m: motto }' },
            { headers: { accept } },
          );
          expect(headers['content-type']).toContain(accept);
          expect(text).toContain('Stay fresh.');
          expect(kept({ headers }), accept).toBe(run === 'second' && accept.includes('json') ? 'HIT' : 'MISS');
        }
      }
    });

    it('is compressed on the way, and known again by its weakened tag', async () => {
      const url = `${usual}/graphql?${new URLSearchParams({ query: 'query Zipped { motto }' })}`;
      const headers = { authorization: `Bearer ${token()}`, 'accept-encoding': 'gzip' };
      const whole = await fetch(url, { headers });
      expect(whole.headers.get('content-encoding')).toBe('gzip');
      expect(await whole.text()).toContain('Stay fresh.');
      const etag = whole.headers.get('etag') ?? '';
      expect(etag).toMatch(/^W\/"/);
      expect((await fetch(url, { headers: { ...headers, 'if-none-match': etag } })).status).toBe(304);
      const direct = await fetch(url.replace(usual, nodes.baseUrl), { headers: { ...headers, 'if-none-match': etag } });
      expect(direct.status).toBe(304);
    });
  });

  describe('what nobody is to keep is asked for each time:', () => {
    const hash = createHash('sha256').update('nothing').digest('hex');
    const unknown = { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } };
    const cases: Record<string, [status: number, params: Record<string, unknown>, headers?: Record<string, string>]> = {
      'an unknown hash': [200, unknown],
      'an unknown hash, as a GraphQL response': [404, unknown, { accept: 'application/graphql-response+json' }],
      'a document that cannot be read': [200, { query: '{' }],
      'a document that does not fit': [200, { query: '{ nonsense }' }],
      'half an answer': [200, { query: '{ motto node(id: "nonsense") { id } }' }],
      introspection: [200, { query: '{ motto __schema { queryType { name } } }' }],
      'a bad token': [401, { query: '{ motto }' }, { authorization: 'Bearer x.y.z' }],
      'a forged request': [403, { query: '{ motto }' }, { authorization: '', origin: 'https://evil.test' }],
      'a mutation': [405, { query: 'mutation { clockIn(input: {}) { __typename } }' }],
      'an address that is too long': [414, { query: `{ motto } #${'x'.repeat(9_000)}` }],
      'what is not in the cache': [504, { query: 'query Cold { motto }' }, { 'cache-control': 'only-if-cached' }],
      'what leaves no trace': [200, { query: 'query Trace { motto }' }, { 'cache-control': 'no-store' }],
    };
    for (const [what, [status, params, headers]] of Object.entries(cases)) {
      it(what, async () => {
        for (const via of [usual, keen]) {
          seen.length = 0;
          const all = { authorization: `Bearer ${token()}`, ...headers };
          const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
          for (let run = 0; run < 2; run += 1) {
            const answer = await askHttp(via, null).get(params, { headers: sent });
            expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
          }
          expect(seen, via).toHaveLength(2);
        }
      });
    }

    it('health, and what is not there', async () => {
      for (const path of ['/health/live', '/health/ready', '/nothing', '/graphql']) {
        for (let run = 0; run < 2; run += 1) expect(kept(await send(keen, { method: 'GET', path })), path).toBe('MISS');
      }
    });

    it('an unknown hash is known as soon as its text was sent', async () => {
      const query = 'query Registered { sites { name } motto }';
      const extensions = {
        persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') },
      };
      const ask = askHttp(keen, token());
      for (let run = 0; run < 2; run += 1) {
        expect((await ask.get({ extensions })).json.errors[0].message).toBe('PersistedQueryNotFound');
      }
      await ask.post({ query, extensions });
      expect((await ask.get({ extensions })).json.data.sites).toHaveLength(2);
    });
  });

  it('a client may ask about what it has by POST; by GET nginx asks for itself, and sends the whole', async () => {
    const query = '{ sites { name } }';
    const ask = askHttp(usual, token());
    await ask.post({ query });
    const { headers, json } = await ask.post({ query });
    const known = { headers: { 'if-none-match': String(headers.etag) } };
    expect(await ask.post({ query }, known)).toMatchObject({ status: 304, text: '' });
    const byGet = await ask.get({ query }, known);
    expect([byGet.status, byGet.json.data]).toEqual([200, json.data]);
    const other = await ask.get({ query }, { ...known, token: nodes.globex.people.admin.token });
    expect(other.status).toBe(200);
  });

  it('passes parts on as they are made', async () => {
    for (const via of [usual, keen]) {
      const gate = `behind ${via}`;
      const query = `{ sites { name } ... @defer { gated(name: "${gate}") } }`;
      const response = await fetch(`${via}/graphql?${new URLSearchParams({ query })}`, {
        headers: { authorization: `Bearer ${token()}`, accept: 'multipart/mixed;deferSpec=20220824, application/json' },
      });
      const received = [];
      for await (const part of parts(response)) {
        received.push(part);
        openGate(gate); // the rest is not made before
      }
      expect(received[0]).toMatchObject({ data: { sites: expect.any(Array) }, hasNext: true });
      expect(JSON.stringify(received.slice(1))).toContain(`through ${gate}`);
    }
  });
});
