import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { executeRun } from '../../src/http/make-answer.ts';
import { createWorld, type World } from '../support/world.ts';

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

it('a run that is refused leaves nothing behind', async () => {
  const { signal } = new AbortController();
  const refused = executeRun(
    {
      args: {} as never,
      openRun() {
        throw new Error('refused');
      },
      execute: async () => ({ data: {} }),
    },
    { plan: null, fields: null, where: { at: new Date(), primary: true, signal, hardTimeoutMs: 60_000 } },
  );
  await expect(refused).rejects.toThrow('refused');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
