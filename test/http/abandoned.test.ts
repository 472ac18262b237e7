import { getEventListeners } from 'node:events';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { executeRun } from '../../src/http/make-answer.ts';
import { createWorld, testNow, testTokens, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

it('who comes while an abandoned run is still ending is answered by a run of their own', async () => {
  const { token } = world.acme.people.admin;
  const query = 'query Left { sites { name } }';
  await world.ask(token, '{ viewer { person { id } } }'); // known from here on
  const { pool, events } = world.app;
  const held = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()));
  const seen: string[] = [];
  const ended = events.subscribe(
    ({ type, ...event }) => 'operation' in event && seen.push(`${type} ${event.operation}`),
  );
  try {
    const leaving = new AbortController();
    const left = fetch(`${world.baseUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query }),
      signal: leaving.signal,
    }).catch(() => null);
    await expect.poll(() => pool.waitingCount).toBe(1);
    leaving.abort();
    await left;
    const staying = world.ask(token, query);
    await expect.poll(() => seen).toContain('flight-join Left');
    for (const client of held.splice(0)) client.release();
    expect(await staying).toMatchObject({ status: 200, data: { sites: [{}, {}] } });
  } finally {
    ended();
    for (const client of held) client.release();
  }
});

it('a client that goes away is no error in the log', async () => {
  const lines: { level: number; msg: string; status?: number }[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const { database, acme } = world;
  const logger = pino(stream);
  const node = createApp({ databaseUrl: database.url, tokens: testTokens, now: () => testNow, logger });
  const baseUrl = await node.listen(0);
  const gate = await database.owner.connect();
  try {
    await gate.query('BEGIN; LOCK TABLE assets IN ACCESS EXCLUSIVE MODE');
    const leaving = new AbortController();
    const left = fetch(`${baseUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${acme.people.admin.token}` },
      body: JSON.stringify({ query: 'query Leaving { assets { totalCount } }' }),
      signal: leaving.signal,
    }).catch(() => null);
    const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'assets'::regclass`;
    await expect.poll(async () => (await database.owner.query(waiting)).rowCount).toBe(1);
    leaving.abort();
    await left;
    await gate.query('COMMIT');
    await expect.poll(() => lines.find(({ msg }) => msg === 'request')).toMatchObject({ status: 499 });
    await node.close();
    expect(lines.filter(({ level }) => level >= 40)).toEqual([]);
  } finally {
    gate.release(true);
  }
});

it('a run that is refused leaves nothing behind', async () => {
  const { signal } = new AbortController();
  const refused = executeRun(
    {
      args: {} as never,
      async openRun() {
        throw new Error('refused');
      },
      execute: async () => ({ data: {} }),
    },
    { plan: null, fields: null, where: { at: new Date(), primary: true, signal, hardTimeoutMs: 60_000 } },
  );
  await expect(refused).rejects.toThrow('refused');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
