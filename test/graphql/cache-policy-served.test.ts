import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

/** For how long the server says it keeps an answer, in seconds. The second time: the first teaches it the scope. */
async function keptFor(query: string): Promise<number> {
  const { token } = world.acme.people.admin;
  await world.ask(token, query);
  const { extensions = {}, errors } = await world.ask(token, query);
  expect(errors).toBeUndefined();
  const { ttlMs } = extensions['cache'] as { ttlMs: number };
  return ttlMs / 1000;
}

describe('an answer is kept', () => {
  it.each([
    ['as long as its root field says', '{ sites { name } }', 3600],
    [
      'as long as the shortest of them says',
      '{ sites { name } choices(kind: JOB_TYPE) { key } assets { totalCount } }',
      300,
    ],
  ])('%s', async (_sentence, query, seconds) => {
    expect(await keptFor(query)).toBe(seconds);
  });
});
