import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits as limits } from '../../src/http/limits.ts';
import { askHttp, type AskHttp } from '../support/ask-http.ts';
import type { RawAnswer } from '../support/send.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let ask: AskHttp;
beforeAll(async () => {
  world = await createWorld();
  ask = askHttp(world.baseUrl, world.acme.people.admin.token);
});
afterAll(() => world.close());

const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const deep = `{ __type(name: "Query") { ${'ofType { '.repeat(limits.depth)} name ${'}'.repeat(limits.depth)} } }`;

/** Short enough for an address, and too much in one way each. */
const exceeding: Record<string, string> = {
  depth: deep,
  'depth below a fragment that is put off': `{ ... @defer ${deep} }`,
  aliases: `{ ${times(limits.aliases + 1, (index) => `a${index}: __typename`)} }`,
  'aliases called __schema': `{ ${times(limits.aliases + 1, () => '__schema: __typename')} }`,
  directives: `{ __typename ${times(limits.directives + 1, () => '@include(if: true)')} }`,
  'directives that put off': `{ ${times(limits.directives + 1, () => '... @defer { __typename }')} }`,
  fields: `{ ...F0 } ${times(12, (index) => `fragment F${index} on Query { ${index === 11 ? '__typename' : `...F${index + 1} ... { ...F${index + 1} }`} }`)}`,
  tokens: `{ ${times(limits.tokens, () => 'a')} }`,
  cost: `{ ${times(10, (index) => `a${index}: tickets(first: 100) { edges { node { comments(first: 100) { edges { node { id body } } } } } }`)} }`,
  'cost of a list in parts': `{ tickets(first: 100) { edges @stream { node { comments(first: 100) { edges @stream { node { id body internal createdAt author { id name } } } } } } } }`,
  'cost by a variable': `query ($n: Int = 100) { tickets(first: $n) { edges { node { comments(first: $n) { edges { node { id body internal createdAt author { id name } } } } } } } }`,
};

const apollo = 'multipart/mixed;deferSpec=20220824,application/json';
const hashOf = (query: string) => createHash('sha256').update(query).digest('hex');
const byHash = (query: string) => ({ persistedQuery: { version: 1, sha256Hash: hashOf(query) } });
const errorsOf = ({ json }: RawAnswer) => [json].flat().flatMap((one: any) => one?.errors ?? []);

/** Every way an operation can come in, or be answered. */
const ways: Record<string, (query: string) => Promise<RawAnswer>> = {
  POST: (query) => ask.post({ query }),
  GET: (query) => ask.get({ query }),
  'a batch': async (query) => {
    const answer = await ask.post([{ query: '{ __typename }' }, { query }]);
    expect(answer.json[0]).toMatchObject({ data: { __typename: 'Query' } });
    return answer;
  },
  'its hash, with the text': (query) => ask.post({ query, extensions: byHash(query) }),
  'its hash over GET': (query) => ask.get({ query, extensions: byHash(query) }),
  'an answer in parts': (query) => ask.post({ query }, { headers: { accept: apollo } }),
  events: (query) => ask.post({ query }, { headers: { accept: 'text/event-stream' } }),
  'no-store': (query) => ask.post({ query }, { headers: { 'cache-control': 'no-store' } }),
  'only-if-cached': (query) => ask.post({ query }, { headers: { 'cache-control': 'only-if-cached' } }),
};

describe.each(Object.entries(exceeding))('too much %s is refused', (what, query) => {
  it.each(Object.entries(ways))('by %s', async (_way, send) => {
    for (let again = 0; again < 2; again += 1) {
      const answer = await send(query);
      if (answer.json === undefined) {
        expect(answer.text.match(/"code":"\w+"/g)).toEqual(['"code":"LIMIT_EXCEEDED"']);
        expect(answer.text).not.toMatch(/"data":(?!null)/);
        continue;
      }
      expect(errorsOf(answer)).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
      expect([answer.json].flat().at(-1)).not.toHaveProperty('data');
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(answer.headers).not.toHaveProperty('etag');
    }
  });

  it('and its hash alone is no way around it', async () => {
    await ask.post({ query, extensions: byHash(query) });
    const { json } = await ask.post({ extensions: byHash(query) });
    // What a document costs depends on its variables: such a one is known, and refused each time.
    const code = what.startsWith('cost') ? 'LIMIT_EXCEEDED' : 'PERSISTED_QUERY_NOT_FOUND';
    expect(json.errors).toMatchObject([{ extensions: { code } }]);
    expect(json).not.toHaveProperty('data');
  });
});
