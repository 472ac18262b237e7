import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const url = () => `${world.baseUrl}/graphql`;

describe('the public audit suite of graphql-http', () => {
  const withToken: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${world.acme.people.member.token}`);
    return fetch(input, { ...init, headers });
  };
  /** They ask `__type`, which nobody may without a token. */
  const needToken = new Set(['BF61', '2EA1', '28B9', 'D6D5', '6A70']);

  it('has all of its audits here', () => {
    expect(serverAudits({ url }).length).toBeGreaterThanOrEqual(60);
  });

  for (const { id, name, fn } of serverAudits({ url, fetchFn: withToken })) {
    it(`${id} ${name}, with a token`, async () => {
      expect(await fn()).toMatchObject({ status: 'ok' });
    });
  }

  for (const { id, name, fn } of serverAudits({ url })) {
    it.skipIf(needToken.has(id))(`${id} ${name}, without a token`, async () => {
      expect(await fn()).toMatchObject({ status: 'ok' });
    });
  }
});
