import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { insertTickets } from '../support/tickets.ts';
import { createWorld, testNow, type World } from '../support/world.ts';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const list = /* GraphQL */ `
  query ($first: Int, $after: String, $last: Int, $before: String, $orderBy: TicketOrder) {
    tickets(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
      totalCount
      pageInfo {
        startCursor
        endCursor
        hasNextPage
        hasPreviousPage
      }
      edges {
        node {
          number
          createdAt
          updatedAt
          dueAt
          priority
        }
      }
    }
  }
`;
const weight = { LOW: 1, NORMAL: 2, HIGH: 3, URGENT: 4 } as const;
const keyOf: Record<string, (ticket: any) => number> = {
  CREATED_AT: (ticket) => Date.parse(ticket.createdAt),
  UPDATED_AT: (ticket) => Date.parse(ticket.updatedAt),
  DUE_AT: (ticket) => (ticket.dueAt ? Date.parse(ticket.dueAt) : Infinity),
  PRIORITY: (ticket) => weight[ticket.priority as keyof typeof weight],
  NUMBER: (ticket) => ticket.number,
};

// Few different instants, so that many tickets share one and only their ids tell them apart.
const instant = fc.integer({ min: 0, max: 3 }).map((minutes) => new Date(testNow.getTime() - minutes * 60_000));
const ticket = fc.record({
  created_at: instant,
  updated_at: instant,
  due_at: fc.option(instant, { freq: 2 }),
  priority: fc.constantFrom('LOW', 'NORMAL', 'HIGH', 'URGENT'),
});

it.each(Object.keys(keyOf).flatMap((field) => ['ASC', 'DESC'].map((direction) => ({ field, direction }))))(
  `walks every ticket once, in order, either way, by $field $direction (seed ${seed})`,
  async ({ field, direction }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(ticket, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), async (tickets, size) => {
        await world.acme.session.write((trx) => trx.deleteFrom('tickets').execute());
        if (tickets.length > 0) await insertTickets(world.acme, tickets);
        const ask = async (variables: object) =>
          (
            await world.ask(world.acme.people.admin.token, list, {
              variables: { ...variables, orderBy: { field, direction } },
            })
          ).data.tickets;
        const whole = (await ask({ first: 100 })).edges.map((edge: any) => edge.node);
        expect(whole).toHaveLength(tickets.length);
        const keys = whole.map(keyOf[field]);
        expect(keys).toEqual(keys.toSorted((a: number, b: number) => (direction === 'ASC' ? a - b || 0 : b - a || 0)));

        const forwards: any[] = [];
        for (let after = null, more = true; more;) {
          const page = await ask({ first: size, after });
          forwards.push(...page.edges.map((edge: any) => edge.node));
          expect(page.totalCount).toBe(tickets.length);
          expect(page.pageInfo.hasPreviousPage).toBe(after !== null);
          more = page.pageInfo.hasNextPage;
          after = page.pageInfo.endCursor;
        }
        expect(forwards).toEqual(whole);

        const backwards: any[] = [];
        for (let before = null, more = true; more;) {
          const page = await ask({ last: size, before });
          backwards.unshift(...page.edges.map((edge: any) => edge.node));
          expect(page.pageInfo.hasNextPage).toBe(before !== null);
          more = page.pageInfo.hasPreviousPage;
          before = page.pageInfo.startCursor;
        }
        expect(backwards).toEqual(whole);
      }),
      { seed, numRuns: 8 },
    );
  },
  60_000, // some hundred requests
);

it.each([
  ['of another order', JSON.stringify(['NUMBER ASC', 1, '0194a7c0-0000-7000-8000-000000000000'])],
  ['of another direction', JSON.stringify(['CREATED_AT ASC', testNow, '0194a7c0-0000-7000-8000-000000000000'])],
  ['with a made-up id', JSON.stringify(['CREATED_AT DESC', testNow, 'x'])],
  ['with a made-up instant', JSON.stringify(['CREATED_AT DESC', 'yesterday', '0194a7c0-0000-7000-8000-000000000000'])],
  ['with a number for an instant', JSON.stringify(['CREATED_AT DESC', 1, '0194a7c0-0000-7000-8000-000000000000'])],
  [
    'with an instant that Postgres does not know',
    JSON.stringify(['CREATED_AT DESC', '+275760-09-13T00:00:00.000Z', '0194a7c0-0000-7000-8000-000000000000']),
  ],
  ['that is not JSON', 'x'],
  ['that is JSON, but no list', '{}'],
])('refuses a cursor %s', async (_name, text) => {
  const after = Buffer.from(text).toString('base64url');
  const { errors } = await world.ask(world.acme.people.admin.token, list, { variables: { after } });
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
  expect(errors?.[0]?.message).toContain('cursor');
});

it.each([
  [{ first: 1, last: 1 }, 'last'],
  [{ first: 101 }, 'first'],
  [{ first: -1 }, 'first'],
  [{ last: 101 }, 'last'],
])('refuses %j', async (variables, field) => {
  const { errors } = await world.ask(world.acme.people.admin.token, list, { variables });
  expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  expect(errors?.[0]?.message).toContain(field);
});
