import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

it.each([
  ['Date', '"2026-02-30"', '{ dashboard(date: %s) { people { active } } }', 'Send a day of the calendar: 2026-11-20.'],
  ['Date', '5', '{ dashboard(date: %s) { people { active } } }', 'Send a day of the calendar: 2026-11-20.'],
  [
    'DateTime',
    '"yesterday"',
    '{ tickets(filter: { createdFrom: %s }) { totalCount } }',
    'Send an instant, with its time zone: 2026-11-20T08:30:00Z.',
  ],
])('a %s in a document that is none is named, with its place and what to send: %s', async (type, value, query, fix) => {
  const { errors } = await world.ask(world.acme.people.admin.token, query.replace('%s', value));
  expect(errors).toEqual([
    {
      message: `Expected value of type "${type}", found ${value}; ${fix}`,
      locations: [{ line: 1, column: query.indexOf('%s') + 1 }],
      extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
    },
  ]);
});

it('a Date in a variable that is none is named by the variable', async () => {
  const { errors } = await world.ask(
    world.acme.people.admin.token,
    'query ($filter: TicketFilter) { tickets(filter: $filter) { totalCount } }',
    { variables: { filter: { createdFrom: 'yesterday' } } },
  );
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(/"\$filter" .*"yesterday" at "filter.createdFrom"; Send an instant/),
    extensions: { code: 'BAD_USER_INPUT' },
  });
});
