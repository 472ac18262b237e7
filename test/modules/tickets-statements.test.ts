import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertNeighbours, insertTickets } from '../support/tickets.ts';
import { createWorld, testNow, type World } from '../support/world.ts';

const size = 50;
const instant = (index: number) => new Date(testNow.getTime() - index * 60_000);

let world: World;
beforeAll(async () => {
  world = await createWorld();
  const { acme } = world;
  const people = Object.values(acme.people);
  const rows = [];
  for (let index = 0; index < size; index += 1) {
    const { assetId, categoryId, customerId } = await insertNeighbours(acme);
    rows.push({
      created_at: instant(index),
      updated_at: instant(index),
      asset_id: assetId,
      category_id: categoryId,
      customer_id: customerId,
      reporter_id: people[index % people.length]?.id ?? null,
      assignee_id: people[(index + 1) % people.length]?.id ?? null,
      team_id: acme.teamId,
      site_id: index % 2 ? acme.sites.here : acme.sites.elsewhere,
    });
  }
  const ids = await insertTickets(acme, rows);
  await acme.session.write(async (trx) => {
    const comments = ids.flatMap((id, index) =>
      Array.from({ length: index % 7 }, (_, n) => ({
        id: newId(),
        ticket_id: id,
        body: `${n}`,
        internal: n % 3 === 2,
        author_id: people[n % people.length]?.id ?? null,
        created_at: instant(-n),
      })),
    );
    await trx.insertInto('ticket_comments').values(comments).execute();
    await trx
      .insertInto('ticket_events')
      .values(
        comments.map(({ ticket_id }) => ({ id: newId(), ticket_id, kind: 'VERIFIED' as const, occurred_at: testNow })),
      )
      .execute();
  });
});
afterAll(() => world.close());

const page = await readFile(new URL('../../schema/operations/tickets.graphql', import.meta.url), 'utf8');

it.each([1, 10, 50])('lists %i tickets with all they refer to in at most 8 statements', async (first) => {
  const { result, statements } = await countStatements(() =>
    world.ask(world.acme.people.admin.token, page, { variables: { first } }),
  );
  expect(result.errors).toBeUndefined();
  const { totalCount, edges } = result.data.tickets;
  expect([totalCount, edges.length]).toEqual([size, first]);
  for (const [index, { node }] of edges.entries()) {
    expect(node.comments.totalCount).toBe(index % 7);
    for (const name of ['reporter', 'assignee', 'site', 'category', 'customer', 'asset', 'team']) {
      expect(node[name], name).toHaveProperty('id');
    }
  }
  expect(statements.length, statements.join('\n')).toBeLessThanOrEqual(8);
});

it("adds one statement for the comments of all the tickets, one for their events and one for the events' counts", async () => {
  const count = async (fields: string) => {
    const query = `{ tickets(first: 50) { edges { node { number ${fields} } } } }`;
    const { result, forAnswer } = await countStatements(() => world.ask(world.acme.people.admin.token, query));
    expect(result.errors).toBeUndefined();
    return forAnswer.length;
  };
  const bare = await count('');
  expect(await count('comments { totalCount }')).toBe(bare);
  expect(await count('comments(first: 2) { totalCount edges { node { body } } pageInfo { hasNextPage } }')).toBe(
    bare + 1,
  );
  expect(await count('comments(last: 1) { edges { node { author { name } } } }')).toBe(bare + 2);
  expect(await count('events(first: 2) { edges { node { kind } } }')).toBe(bare + 1);
  expect(await count('events { totalCount }')).toBe(bare + 1);
  expect(await count('a: comments(first: 1) { edges { cursor } } b: comments(first: 2) { edges { cursor } }')).toBe(
    bare + 2,
  );
});

it('limits comments for each ticket by itself, from either end', async () => {
  const query = `{ tickets(first: 50) { edges { node {
    first: comments(first: 2) { edges { node { body } } pageInfo { hasNextPage hasPreviousPage } }
    last: comments(last: 2) { edges { node { body } } pageInfo { hasNextPage hasPreviousPage } }
  } } } }`;
  const { data } = await world.ask(world.acme.people.admin.token, query);
  const bodies = (connection: any) => connection.edges.map((edge: any) => edge.node.body);
  for (const [index, { node }] of data.tickets.edges.entries()) {
    const all = Array.from({ length: index % 7 }, (_, n) => `${n}`);
    expect(bodies(node.first)).toEqual(all.slice(0, 2));
    expect(bodies(node.last)).toEqual(all.slice(-2));
    expect(node.first.pageInfo).toEqual({ hasNextPage: all.length > 2, hasPreviousPage: false });
    expect(node.last.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: all.length > 2 });
  }
});

it('fails only the page of comments that was asked for wrongly', async () => {
  const query = `{ tickets(first: 1) { edges { node {
    right: comments(first: 1) { edges { cursor } }
    wrong: comments(first: 1000) { edges { cursor } }
  } } } }`;
  const { errors } = await world.ask(world.acme.people.admin.token, query);
  expect(errors?.map(({ path, extensions }) => [path?.[4], extensions?.code])).toEqual([['wrong', 'BAD_USER_INPUT']]);
});

it('shows a member neither internal comments nor that there are any', async () => {
  const query = `{ tickets(first: 50) { edges { node { number comments { totalCount edges { node { body internal } } } } } } }`;
  const { data } = await world.ask(world.acme.people.member.token, query);
  const tickets = data.tickets.edges.map((edge: any) => edge.node);
  expect(tickets.length).toBeGreaterThan(0);
  for (const { comments, number } of tickets) {
    const visible = Array.from({ length: (number - 1) % 7 }, (_, n) => n).filter((n) => n % 3 !== 2);
    expect(comments.totalCount).toBe(visible.length);
    expect(comments.edges.map((edge: any) => edge.node)).toEqual(
      visible.map((n) => ({ body: `${n}`, internal: false })),
    );
  }
});
