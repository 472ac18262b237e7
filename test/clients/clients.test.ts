import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { insertTickets, ticketId } from '../support/tickets.ts';
import { apollo } from './apollo.ts';
import { graphqlRequest } from './graphql-request.ts';
import { createNodes, openGate, type Nodes } from './nodes.ts';
import { createRecorder, type Exchange, type Recorder } from './recorder.ts';
import { relay } from './relay.ts';
import { createSessionFetch } from './session-fetch.ts';
import { urql } from './urql.ts';
import type { ClientKind, ClientOptions } from './test-client.ts';

let nodes: Nodes;
let second: string;
beforeAll(async () => {
  nodes = await createNodes();
  second = await nodes.startNode();
});
afterAll(() => nodes.close());

/** An operation of `schema/operations`, as the list for clients has it. */
const operation = (name: string): string => operations.find((known: { name: string }) => known.name === name).body;
const { operations } = JSON.parse(
  readFileSync(new URL('../../schema/persisted-operations.json', import.meta.url), 'utf8'),
);
const update = /* GraphQL */ `
  mutation Update($input: UpdateTicketInput!) {
    updateTicket(input: $input) {
      __typename
      ... on UpdateTicketPayload {
        ticket {
          id
          title
          version
        }
      }
      ... on ConflictError {
        message
        currentVersion
      }
      ... on ValidationError {
        message
        fields {
          field
          message
        }
      }
      ... on Error {
        __isError: __typename
        message
      }
    }
  }
`;

describe.each<ClientKind>([apollo, urql, graphqlRequest, relay])('$name', (kind) => {
  let recorder: Recorder;
  beforeEach(() => {
    recorder = createRecorder();
  });
  const create = (options: Partial<ClientOptions> = {}) =>
    kind.create({ url: nodes.url, token: nodes.acme.people.admin.token, fetch: recorder.fetch, ...options });
  /** A ticket of its own, and the query that shows it. */
  const addTicket = async (title: string) => {
    const [id = ''] = await insertTickets(nodes.acme, [{ title }]);
    return { id: ticketId(id), query: `query Title { ticket(id: "${ticketId(id)}") { id title version } }` };
  };
  const caches = () => recorder.exchanges.map(({ cache }) => cache);

  it('is told of a query that it was computed, and then that it was kept', async () => {
    const client = create();
    const { query } = await addTicket('Lamp');
    const first = await client.query(query);
    expect(first).toMatchObject({ data: { ticket: { title: 'Lamp', version: 1 } }, codes: [] });
    expect(await client.query(query)).toEqual(first);
    expect(caches()).toEqual(['MISS', 'HIT']);
    expect((await recorder.last().body).extensions.cache.status).toBe('HIT');
    expect(recorder.last().method).toBe('POST');
  });

  it('sees what it has changed at once, on this node and on another', async () => {
    const [here, there] = [create(), create({ url: second })];
    const { id, query } = await addTicket('Before');
    for (const client of [here, there, here, there]) await client.query(query);
    expect(caches()).toEqual(['MISS', 'MISS', 'HIT', 'HIT']);
    const { data } = await here.mutate(update, { input: { id, version: 1, title: 'After' } });
    expect(data.updateTicket).toMatchObject({ __typename: 'UpdateTicketPayload', ticket: { id, title: 'After' } });
    for (const client of [there, here]) expect((await client.query(query)).data.ticket.title).toBe('After');
    expect(caches().slice(-2)).toEqual(['MISS', 'MISS']);
  });

  it('sees what psql has changed', async () => {
    const client = create();
    const { query } = await addTicket('Before');
    await client.query(query);
    await client.query(query);
    await nodes.database.owner.query(`UPDATE tickets SET title = 'By hand' WHERE title = 'Before'`);
    expect((await client.query(query)).data.ticket.title).toBe('By hand');
    expect(caches()).toEqual(['MISS', 'HIT', 'MISS']);
  });

  it('sends queries by GET, mutations by POST all the same, and shares the answers of POST', async () => {
    const client = create({ way: 'get' });
    const { id, query } = await addTicket('Lamp');
    await create().query(query);
    expect((await client.query(query)).data.ticket.title).toBe('Lamp');
    expect(recorder.last()).toMatchObject({ method: 'GET', status: 200, cache: 'HIT' });
    const { data } = await client.mutate(update, { input: { id, version: 1, title: 'Bulb' } });
    expect(data.updateTicket.ticket.title).toBe('Bulb');
    expect(recorder.last().method).toBe('POST');
    expect((await client.query(query)).data.ticket.title).toBe('Bulb');
    expect(recorder.last()).toMatchObject({ method: 'GET', cache: 'MISS' });
  });

  it('gets what went wrong with a mutation as a type of the schema', async () => {
    const client = create();
    const { id } = await addTicket('Lamp');
    const change = (input: object) => client.mutate(update, { input: { id, ...input } });
    const stale = await change({ version: 7, title: 'Late' });
    expect(stale).toMatchObject({
      codes: [],
      data: { updateTicket: { __typename: 'ConflictError', currentVersion: 1 } },
    });
    expect(stale.data.updateTicket.message).toBeTruthy();
    const empty = await change({ version: 1, title: '' });
    expect(empty.codes).toEqual([]);
    expect(empty.data.updateTicket).toMatchObject({ __typename: 'ValidationError', fields: [{ field: 'title' }] });
    const missing = await client.mutate(update, {
      input: { id: ticketId(crypto.randomUUID()), version: 1, title: 'x' },
    });
    expect(missing.data.updateTicket).toMatchObject({ __typename: 'NotFoundError', message: expect.any(String) });
  });

  it.each<[string, string, string | null]>([
    ['that cannot be read', 'query Broken { tickets(first: "many") { totalCount } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['that nobody may ask without a token', '{ sites { name } }', 'UNAUTHENTICATED'],
    ['that asks for too much', `query Deep { sites { ${'name '.repeat(1_100)} } }`, 'LIMIT_EXCEEDED'],
  ])('says why a query %s is refused, whatever the status', async (_, query, code) => {
    const client = create(code === 'UNAUTHENTICATED' ? { token: 'x.y.z' } : {});
    expect((await client.query(query)).codes).toContain(code);
    expect(recorder.last().status).toBeGreaterThanOrEqual(400);
  });

  it('reads its own changes where a node may lag behind, by sending the token back', async () => {
    const lagging = await nodes.startNode({ cache: { coherence: { mode: 'bounded', maxStalenessMs: 600_000 } } });
    const session = createSessionFetch(recorder.fetch);
    const writer = create({ fetch: session });
    const reader = create({ url: lagging, fetch: session });
    const stranger = create({ url: lagging });
    const { id, query } = await addTicket('Before');
    for (const client of [stranger, stranger]) await client.query(query);
    await writer.mutate(update, { input: { id, version: 1, title: 'After' } });
    const token = recorder.last().headers.get('x-cache-token');
    expect(token).toMatch(/^\d+$/);
    expect((await stranger.query(query)).data.ticket.title).toBe('Before');
    expect((await reader.query(query)).data.ticket.title).toBe('After');
    expect(recorder.last().requestHeaders.get('x-cache-token')).toBe(token);
  });

  describe('with the ids of documents', () => {
    it('runs the operations of this repository where the server takes no others, text unseen', async () => {
      const url = await nodes.startNode({ persistedOperations: 'require' });
      const client = create({ url, way: 'id' });
      for (const expected of ['MISS', 'HIT']) {
        expect((await client.query(operation('Sites'))).data.sites).toHaveLength(2);
        expect(recorder.last().cache).toBe(expected);
      }
      const { id } = await addTicket('Lamp');
      const input = { id, version: 1, title: 'Bulb' };
      const { data } = await client.mutate(operation('UpdateTicket'), { input });
      expect(data.updateTicket.ticket).toMatchObject({ title: 'Bulb', version: 2 });
      expect(recorder.exchanges).toHaveLength(3);
      for (const { sent } of recorder.exchanges) expect(sent).not.toHaveProperty('query');
      const { codes } = await create({ url }).query('query Other { sites { name } }');
      expect(codes).toEqual(['PERSISTED_OPERATION_REQUIRED']);
    });

    if (kind.ids === 'known') return;

    it('asks by GET with the hash, sends the text once where it is unknown, and never again', async () => {
      const client = create({ way: 'id' });
      const query = `query Of${kind.name.replace(' ', '')} { sites { id name } }`;
      expect((await client.query(query)).data.sites).toHaveLength(2);
      const [asked, told] = recorder.exchanges as [Exchange, Exchange];
      expect(asked).toMatchObject({ method: 'GET', status: 404 });
      expect(asked.headers.get('cache-control')).toBe('no-store');
      expect((await asked.body).errors[0].message).toBe('PersistedQueryNotFound');
      expect(told.sent['query']).toContain('sites');
      recorder.exchanges.length = 0;
      expect((await client.query(query)).data.sites).toHaveLength(2);
      expect((await create({ way: 'id' }).query(query)).data.sites).toHaveLength(2);
      expect(recorder.exchanges).toMatchObject([
        { method: 'GET', cache: 'HIT' },
        { method: 'GET', cache: 'HIT' },
      ]);
      for (const { sent } of recorder.exchanges) expect(sent).not.toHaveProperty('query');
    });

    it('goes back to texts where the server takes no ids', async () => {
      const plain = await nodes.startNode({ persistedOperations: 'off' });
      const client = create({ url: plain, way: 'id' });
      expect((await client.query(operation('Sites'))).data.sites).toHaveLength(2);
      expect((await client.query(operation('Sites'))).data.sites).toHaveLength(2);
      expect(recorder.last().sent).not.toHaveProperty('extensions.persistedQuery');
      expect(recorder.exchanges).toHaveLength(3);
    });
  });

  describe('with @defer', () => {
    const gate = `gate of ${kind.name}`;
    const query = `query Deferred { sites { id name } ... @defer(label: "Deferred$defer$later") { gated(name: "${gate}") } }`;
    const whole = { sites: [{ name: 'Elsewhere' }, { name: 'Here' }], gated: `through ${gate}` };

    if (!kind.takesParts) {
      it('gets the answer whole, computed and kept', async () => {
        openGate(gate);
        const client = create();
        for (const expected of ['MISS', 'HIT']) {
          expect((await client.query(query)).data).toMatchObject(whole);
          expect(recorder.last().cache).toBe(expected);
        }
      });
      return;
    }

    it('has the first part before the rest is made; then the kept answer, in one piece', async () => {
      const steps: any[] = [];
      await create().watch(query, (data) => {
        steps.push(structuredClone(data));
        openGate(gate); // what is put off is not made before
      });
      expect(steps[0].sites).toHaveLength(2);
      expect(steps[0].gated).toBeUndefined();
      expect(steps.at(-1)).toMatchObject(whole);
      expect(recorder.last().headers.get('content-type')).toMatch(/^multipart\/mixed/);

      const later: any[] = [];
      await create().watch(query, (data) => later.push(data));
      expect(later).toMatchObject([whole]);
      expect(recorder.exchanges).toHaveLength(2);
      expect(recorder.last()).toMatchObject({ cache: 'HIT', status: 200 });
      expect(recorder.last().headers.get('content-type')).toMatch(/json/);
    });
  });
});
