import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerTypes, prefersGraphqlResponse } from '../../src/http/media-type.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import { createWorld, type World } from '../support/world.ts';

const json = 'application/json';
const response = 'application/graphql-response+json';
const multipart = 'multipart/mixed';
const events = 'text/event-stream';

describe('what a client takes, by its Accept:', () => {
  it.each<[string | undefined, string[]]>([
    [undefined, [json, response]],
    ['', [json, response]],
    ['*/*', [json, response]],
    ['application/*', [json, response]],
    ['text/*', [events]],
    ['text/html,application/xml;q=0.9,*/*;q=0.8', [json, response]],
    [`${json}, ${response}`, [json, response]],
    [`${response}, ${json}`, [response, json]],
    [`${response}, ${json};q=0.9`, [response, json]],
    [`${json};q=0.1, ${response}`, [response, json]],
    [`${json};q=0.1, ${response};q=0.9`, [response, json]],
    [`${json}; Q=0.9 , ${response} ; q = 0.1`, [json, response]],
    [`${json};q=0, ${response}`, [response]],
    [`${response};q=0, ${json}`, [json]],
    [`${json};q=0, */*`, [response]],
    [`*/*;q=0.1, ${response}`, [response, json]],
    [`${multipart};deferSpec=20220824,${response},${json};q=0.9`, [multipart, response, json]],
    [`${multipart};q=0, */*`, [json, response]],
    [`${json}, ${events};q=0.5`, [json, events]],
    ['APPLICATION/JSON; CHARSET="UTF-8"', [json]],
    [`${json};q=2`, [json]],
    [`${json};q=`, [json]],
    [`,,${json},`, [json]],
    ['text/html', []],
    ['application/graphql+json', []],
    ['*/*;q=0', []],
    [`${response};charset=iso-8859-1`, []],
    ['nonsense', []],
  ])('%s', (accept, types) => {
    expect(answerTypes(accept)).toEqual(types);
    expect(prefersGraphqlResponse(accept)).toBe(types.find((type) => type === json || type === response) === response);
  });
});

describe('over HTTP', () => {
  let world: World;
  let ask: AskHttp;
  beforeAll(async () => {
    world = await createWorld();
    ask = askHttp(world.baseUrl, world.acme.people.admin.token);
  });
  afterAll(() => world.close());

  it.each([
    [`${json};q=0, ${response}`, response],
    [`${response};q=0.1, ${json}`, json],
    [`${multipart};q=0, */*`, json],
  ])('sends answers and refusals to a client of %s as %s', async (accept, type) => {
    for (const query of ['{ sites { id } }', '{ nothing }', '{']) {
      const { headers } = await ask.post({ query }, { headers: { accept } });
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
    }
    const refused = await ask.post({ query: '{ sites { id } }' }, { headers: { accept }, token: 'wrong' });
    expect(refused.headers['content-type']).toBe(`${type}; charset=utf-8`);
  });

  it('refuses a client that takes no type there is, before anything is done', async () => {
    const { tenant } = (await ask.post({ query: '{ tenant { name version } }' })).json.data;
    const query = `mutation { updateTenant(input: { name: "Changed", version: ${tenant.version} }) { __typename } }`;
    for (const accept of ['text/html', `${json};q=0`, 'nonsense']) {
      const refused = await ask.post({ query }, { headers: { accept } });
      expect(refused.status).toBe(406);
      expect(refused.headers).toMatchObject({ 'content-type': `${json}; charset=utf-8`, 'cache-control': 'no-store' });
      expect(refused.headers).not.toHaveProperty('x-cache-token');
      expect(refused.json.errors[0].message).toContain(response);
      const kept = await ask.get({ query: '{ tenant { name version } }' }, { headers: { accept } });
      expect(kept.status).toBe(406);
      expect(kept.headers).not.toHaveProperty('etag');
      expect(kept.json).not.toHaveProperty('data');
    }
    expect((await ask.post({ query: '{ tenant { name version } }' })).json.data).toEqual({ tenant });
  });
});
