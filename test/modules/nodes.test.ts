import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import { countStatements } from '../support/count-statements.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Tenant { counts { tickets } } } }`;
const types = [
  'Asset',
  'Attendance',
  'Customer',
  'LeaveRequest',
  'Notification',
  'Shift',
  'TicketComment',
  'TicketEvent',
];

it.each(types)('looks up any number of ids of type %s with the same statements', async (type) => {
  const statementsFor = async (many: number) => {
    const ids = Array.from({ length: many }, () => encodeGlobalId(type, newId()));
    const { token } = world.acme.people.member;
    const { statements, result } = await countStatements(() => world.ask(token, query, { variables: { ids } }));
    expect(result.data.nodes).toEqual(ids.map(() => null));
    return statements.length;
  };
  await statementsFor(1); // who asks is known from now on
  expect(await statementsFor(30)).toBe(await statementsFor(2));
});

it('counts what a tenant has once, however often it is asked for', async () => {
  const id = encodeGlobalId('Tenant', world.acme.id);
  const ask = () => world.ask(world.acme.people.member.token, query, { variables: { ids: Array(30).fill(id) } });
  const { statements, result } = await countStatements(ask);
  expect(result.data.nodes).toHaveLength(30);
  expect(statements.filter((text) => text.includes('from "tickets"'))).toHaveLength(1);
});
