import { readdir, readFile } from 'node:fs/promises';
import { getIntrospectionQuery, Kind, Lexer, parse, Source, TokenKind, type DocumentNode } from 'graphql';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/graphql/schema.ts';
import { sizeOf } from '../../src/http/document-size.ts';
import { defaultLimits as limits } from '../../src/http/limits.ts';
import { costOf } from '../../src/http/operation-cost.ts';
import { send } from '../support/send.ts';
import { createWorld, type AskOptions, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const ask = (query: string, options?: AskOptions) => world.ask(world.acme.people.admin.token, query, options);
const times = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');
/** `ofType` goes as deep as anyone likes. */
const deep = (levels: number) =>
  `{ __type(name: "Query") { ${'ofType { '.repeat(levels - 2)} name ${'}'.repeat(levels - 2)} } }`;

function tokensOf(text: string): number {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  while (lexer.advance().kind !== TokenKind.EOF) count += 1;
  return count;
}

function costsOf(document: DocumentNode, variables: Record<string, unknown>): number[] {
  const fragments = document.definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map((operation) => costOf({ schema: buildSchema(), operation, fragments, variables }));
}

describe('every named operation needs less than half of each limit:', async () => {
  const folder = new URL('../../schema/operations/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.graphql'));
  const texts = await Promise.all(
    files.map(async (name) => [name, await readFile(new URL(name, folder), 'utf8')] as const),
  );

  for (const [name, text] of [...texts, ['a page of tickets', ticketsPage] as const]) {
    it(name, () => {
      const document = parse(text);
      const { depth, fields, aliases, directives } = sizeOf(document);
      const need = {
        tokens: tokensOf(text),
        queryCharacters: text.length,
        depth,
        fields,
        aliases,
        directives,
        cost: Math.max(...costsOf(document, {})),
      };
      for (const [limit, value] of Object.entries(need)) {
        expect(value * 2, limit).toBeLessThanOrEqual(limits[limit as keyof typeof need]);
      }
    });
  }

  it('and so, but for depth, does the introspection that tools send', () => {
    const text = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, oneOf: true });
    const { depth, ...size } = sizeOf(parse(text));
    expect(depth).toBeLessThanOrEqual(limits.depth);
    expect(size.fields * 2).toBeLessThanOrEqual(limits.fields);
    expect(Math.max(...costsOf(parse(text), {})) * 2).toBeLessThanOrEqual(limits.cost);
    expect(tokensOf(text) * 2).toBeLessThanOrEqual(limits.tokens);
  });
});

describe('a limit that is exceeded is named:', () => {
  const tower = (levels: number, body: (next: string) => string) =>
    times(levels, (i) => `fragment F${i} on Query { ${i === levels - 1 ? '__typename' : body(`...F${i + 1}`)} }`);
  const exceeding: Record<string, [limit: string, query: string]> = {
    'too deep': ['depth', deep(limits.depth + 1)],
    'too deep in a fragment': ['depth', `{ ...f } fragment f on Query ${deep(limits.depth + 1)}`],
    'too deep in an inline fragment': ['depth', `{ ... on Query ${deep(limits.depth + 1)} }`],
    'too deep in a fragment called __schema': [
      'depth',
      `{ ...__schema } fragment __schema on Query ${deep(limits.depth + 1)}`,
    ],
    'too deep in an operation called __schema': ['depth', `query __schema ${deep(limits.depth + 1)}`],
    'too deep below an alias called __schema': ['depth', `{ __schema: ${deep(limits.depth + 1).slice(1)}`],
    'too deep across fragments': [
      'depth',
      `{ __type(name: "Query") { ...T0 } } ${times(25, (i) => `fragment T${i} on __Type { ${i === 24 ? 'name' : `ofType { ...T${i + 1} }`} }`)}`,
    ],
    'too deep in an operation that does not run': ['depth', `query A { __typename } query B ${deep(limits.depth + 1)}`],
    'too many aliases': ['aliases', `{ ${times(limits.aliases + 1, (i) => `a${i}: __typename`)} }`],
    'too many aliases called __schema': ['aliases', `{ ${times(limits.aliases + 1, () => '__schema: __typename')} }`],
    'too many aliases in fragments': [
      'aliases',
      `{ ${times(10, () => '...f')} } fragment f on Query { ${times(7, (i) => `a${i}: __typename`)} }`,
    ],
    'a tower of fragments': ['fields', `{ ...F0 } ${tower(40, (next) => `${next} ${next}`)}`],
    'a tower of inline fragments': ['fields', `{ ...F0 } ${tower(40, (next) => `... { ${next} } ... { ${next} }`)}`],
    'a tower of aliases': [
      'fields',
      `{ __schema { types { ...G0 } } } ${times(30, (i) => `fragment G${i} on __Type { ${i === 29 ? 'name' : `...G${i + 1} ofType { name } ...G${i + 1}`} }`)}`,
    ],
    'too many directives': ['directives', `{ __typename ${times(limits.directives + 1, () => '@include(if: true)')} }`],
    'too many unknown directives': ['directives', `{ __typename ${times(limits.directives + 1, () => '@x')} }`],
    'too many tokens': ['tokens', `{ ${times(limits.tokens + 1, () => '__typename')} }`],
    'too many tokens in a list': ['tokens', `{ a(b: [${times(limits.tokens, () => '1')}]) }`],
    'too much introspection': [
      'cost',
      `{ __schema { types { ${times(4, (i) => `a${i}: fields { type { ${times(4, (j) => `b${j}: fields { name args { name } }`)} } }`)} } } }`,
    ],
    'too much introspection of single types': [
      'cost',
      `{ ${times(30, (i) => `a${i}: __type(name: "Query") { ...f }`)} } fragment f on __Type { fields { type { fields { name args { name type { name kind ofType { name kind } } } } } } }`,
    ],
    'the whole schema, three times': [
      'cost',
      getIntrospectionQuery().replace(
        '{',
        '{ a: __schema { types { ...FullType } } b: __schema { types { ...FullType } }',
      ),
    ],
    'too long a text': ['query', `{ __typename } #${'x'.repeat(limits.queryCharacters)}`],
  };
  for (const [what, [limit, query]] of Object.entries(exceeding)) {
    it(what, async () => {
      const { status, errors, data } = await ask(query, {
        operationName: query.startsWith('query A') ? 'A' : undefined,
      });
      expect(errors).toHaveLength(1);
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
      expect(errors?.[0]?.message).toContain(`"${limit}"`);
      expect({ status, data }).toEqual({ status: 400, data: undefined });
    });
  }

  it('too much, counted by the size of pages, sent as literals or as variables', async () => {
    const node = times(8, () => 'id name tag');
    const query = `query ($first: Int) { ${times(25, (i) => `a${i}: assets(first: $first) { edges { node { ${node} } } }`)} }`;
    expect((await ask(query, { variables: { first: 1 } })).errors).toBeUndefined();
    for (const [text, variables] of [
      [query, { first: 100 }],
      [query.replaceAll('$first)', '100)').replace('query ($first: Int)', 'query'), undefined],
      [query.replace('$first: Int', '$first: Int = 100'), undefined],
    ] as const) {
      const { errors, status } = await ask(text, { variables });
      expect(status).toBe(400);
      expect(errors?.[0]).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED', limit: 'cost' } });
    }
  });

  it('variables that are nested too deep', async () => {
    const value = (levels: number): unknown => (levels === 0 ? 1 : { a: value(levels - 1) });
    const variables = value(limits.variableDepth) as Record<string, unknown>;
    expect((await ask('{ __typename }', { variables })).status).toBe(200);
    expect(await ask('{ __typename }', { variables: { a: variables } })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }],
    });
    const bomb = `{"query":"{ __typename }","variables":{"a":${'['.repeat(60_000)}${']'.repeat(60_000)}}}`;
    const headers = { 'content-type': 'application/json' };
    expect((await send(world.baseUrl, { headers, body: bomb })).status).toBe(400);
  });
});

describe('hostile documents within the limits cost little:', () => {
  const hostile: Record<string, string> = {
    'a circle of fragments': '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
    'a fragment within itself': '{ viewer { ...a } } fragment a on Viewer { person { id } ...a }',
    'the same field again and again': `{ ${times(900, () => 'sites { id }')} }`
      .slice(0, 32_000)
      .replace(/[^}]*$/, '} }'),
    'fields that must all be compared': `{ ${times(240, (i) => `sites { ${i % 2 ? 'id' : 'name'} }`)} }`,
    'fragments that must all be compared': `{ ${times(90, (i) => `...f${i}`)} } ${times(90, (i) => `fragment f${i} on Query { sites { id ...g${i} } } fragment g${i} on Site { name }`)}`,
    'unknown fields, each with suggestions': `{ ${times(900, (i) => `vieweer${i}`)} }`,
    'introspection within introspection':
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }',
  };
  for (const [what, query] of Object.entries(hostile)) {
    it(what, async () => {
      const before = process.cpuUsage();
      const { status, errors } = await ask(query);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(1_000); // milliseconds of processor
      expect([200, 400]).toContain(status);
      for (const { extensions } of errors ?? []) {
        expect(extensions?.code).toMatch(/^(GRAPHQL_VALIDATION_FAILED|LIMIT_EXCEEDED)$/);
      }
    });
  }
});

describe('a body that is too large', () => {
  const json = { 'content-type': 'application/json' };
  const padded = (bytes: number) => `{"query":"{ __typename }"${' '.repeat(bytes - 26)}}`;

  it('is refused one byte past the limit, announced or not', async () => {
    const headers = json;
    expect((await send(world.baseUrl, { headers, body: padded(limits.bodyBytes) })).status).toBe(200);
    const announced = await send(world.baseUrl, { headers, body: padded(limits.bodyBytes + 1) });
    const chunked = { ...json, 'transfer-encoding': 'chunked' };
    const unannounced = await send(world.baseUrl, { headers: chunked, body: padded(limits.bodyBytes + 1) });
    for (const answer of [announced, unannounced]) {
      expect(answer).toMatchObject({ status: 413, json: { errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] } });
    }
    expect((await send(world.baseUrl, { headers: chunked, body: padded(limits.bodyBytes) })).status).toBe(200);
  });

  it('is refused while it still comes, without being kept', async () => {
    const { port, hostname } = new URL(world.baseUrl);
    const socket = connect(Number(port), hostname);
    const head =
      'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = Buffer.alloc(64 * 1024, ' ');
    let text = '';
    let sent = 0;
    socket.on('error', () => {}); // it is cut off at last
    socket.on('data', (data) => (text += data.toString()));
    socket.write(head);
    const before = process.memoryUsage().rss;
    while (!socket.destroyed && sent < 2_000) {
      socket.write(`${chunk.length.toString(16)}\r\n`);
      const open = socket.write(Buffer.concat([chunk, Buffer.from('\r\n')]));
      sent += 1;
      if (!open)
        await new Promise((done) => {
          socket.once('drain', done);
          socket.once('close', done);
        });
    }
    expect(text).toContain('413 Payload Too Large');
    expect(sent).toBeLessThan(2_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
  });

  it('with a Content-Length that lies is not served', async () => {
    for (const length of ['-1', 'abc', '1e3', '10, 20']) {
      const answer = await send(world.baseUrl, { headers: { ...json, 'content-length': length }, body: '' }).catch(
        () => null,
      );
      expect(answer?.status ?? 400).toBe(400);
    }
  });
});

const ticketsPage = /* GraphQL */ `
  query ($first: Int, $after: String) {
    assets(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      edges {
        cursor
        node {
          id
          name
          tag
          site {
            id
            name
          }
        }
      }
    }
  }
`;
