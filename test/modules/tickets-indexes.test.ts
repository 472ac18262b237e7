import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { newId } from '../../src/ids.ts';
import type { TicketStatus } from '../../src/modules/tickets/table.ts';
import { countStatements } from '../support/count-statements.ts';
import { insertTickets } from '../support/tickets.ts';
import { createWorld, testNow, type Role, type World } from '../support/world.ts';

const total = 20_000;
const statuses: readonly TicketStatus[] = ['NEW', 'IN_PROGRESS', 'WAITING', ...Array<TicketStatus>(17).fill('CLOSED')];
const priorities = ['LOW', 'NORMAL', 'HIGH', 'URGENT'] as const;

let world: World;
const siteIds = Array.from({ length: 20 }, newId);
const customerIds = Array.from({ length: 500 }, newId);
beforeAll(async () => {
  world = await createWorld();
  for (const tenant of [world.acme, world.globex]) {
    const people = Object.values(tenant.people);
    await tenant.session.write(async (trx) => {
      const sites = siteIds.map((id, index) => ({ id, name: `Site ${index}`, code: `S${index}` }));
      await trx.insertInto('sites').values(sites).execute();
      await trx
        .insertInto('customers')
        .values(customerIds.map((id) => ({ id, name: `Customer ${id}` })))
        .execute();
    });
    await insertTickets(
      tenant,
      Array.from({ length: total / 2 }, (_, index) => {
        const createdAt = new Date(testNow.getTime() - index * 600_000);
        const status = statuses[index % statuses.length] ?? 'NEW';
        return {
          title: `Ticket about ${index % 97 === 0 ? 'a zebra' : 'something'} ${index}`,
          description: 'Nothing more to say about this one, except that it is long enough to look like a real text.',
          status,
          priority: priorities[(index * 7) % 4] ?? 'LOW',
          site_id: siteIds[(index * 13) % siteIds.length] ?? null,
          customer_id: customerIds[(index * 17) % customerIds.length] ?? null,
          reporter_id: people[index % people.length]?.id ?? null,
          assignee_id: index % 50 === 0 ? (people[(index / 50) % people.length]?.id ?? null) : null,
          created_at: createdAt,
          updated_at: createdAt,
          due_at: index % 3 === 0 ? null : new Date(createdAt.getTime() + 86_400_000),
          closed_at: status === 'CLOSED' ? createdAt : null,
        };
      }),
    );
  }
  await world.database.owner.query('VACUUM ANALYZE');
}, 120_000);
afterAll(() => world.close());

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

/** The plan of the one statement about tickets that a list of them takes, as the application's role would run it. */
async function planOf(role: Role, args: string): Promise<string[]> {
  const { token } = world.acme.people[role];
  const query = `{ tickets(${args}) { totalCount edges { node { id } } } }`;
  const { statements, values, result } = await countStatements(() => world.ask(token, query));
  expect(result.errors).toBeUndefined();
  const index = statements.findIndex((text) => text.includes('from "tickets"'));
  const client = await world.app.pool.connect();
  try {
    await client.query(`BEGIN; SELECT set_config('app.tenant', '${world.acme.id}', true)`);
    const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${statements[index]}`, values[index]);
    await client.query('ROLLBACK');
    return nodesOf(rows[0]['QUERY PLAN'][0].Plan);
  } finally {
    client.release();
  }
}

function nodesOf(plan: Plan): string[] {
  const node = [plan['Node Type'], plan['Index Name'] ?? plan['Relation Name']].filter(Boolean).join(' ');
  const condition = plan['Index Cond'] ? ` on ${plan['Index Cond']}` : '';
  return [node + condition, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

const site = () => `siteId: ["${encodeGlobalId('Site', siteIds[0] ?? '')}"]`;
const customer = () => `customerId: ["${encodeGlobalId('Customer', customerIds[0] ?? '')}"]`;
const assignee = () => `assigneeId: ["${world.acme.people.agent.globalId}"]`;
const range = 'createdFrom: "2026-11-18T00:00:00Z", createdTo: "2026-11-19T00:00:00Z"';
const cursor = (name: string, value: unknown) =>
  Buffer.from(JSON.stringify([name, value, newId()])).toString('base64url');

it.each<[string, Role, () => string, RegExp]>([
  ['all, newest first', 'admin', () => 'first: 50', /tickets_by_creation/],
  [
    'all, a page far down',
    'admin',
    () => `first: 50, after: "${cursor('CREATED_AT DESC', '2026-10-20T00:00:00.000Z')}"`,
    /ROW\(created_at, id\) </,
  ],
  ['all, the last page', 'admin', () => 'last: 50', /tickets_by_creation/],
  ['all, by update', 'admin', () => 'first: 50, orderBy: { field: UPDATED_AT }', /tickets_by_update/],
  ['all, by due date', 'admin', () => 'first: 50, orderBy: { field: DUE_AT, direction: ASC }', /tickets_by_due/],
  ['all, by priority', 'admin', () => 'first: 50, orderBy: { field: PRIORITY }', /tickets_by_priority/],
  ['all, by number', 'admin', () => 'first: 50, orderBy: { field: NUMBER }', /tickets_tenant_id_number_key/],
  ['of a site', 'admin', () => `first: 50, filter: { ${site()} }`, /tickets_by_site/],
  ['of an assignee', 'admin', () => `first: 50, filter: { ${assignee()} }`, /tickets_by_assignee/],
  [
    'of an assignee, open',
    'admin',
    () => `first: 50, filter: { ${assignee()}, status: [NEW, IN_PROGRESS, WAITING, RESOLVED] }`,
    /tickets_by_assignee/,
  ],
  ['of a customer', 'admin', () => `first: 50, filter: { ${customer()} }`, /tickets_by_customer/],
  ['of some days', 'admin', () => `first: 50, filter: { ${range} }`, /tickets_by_creation/],
  ['overdue', 'admin', () => 'first: 50, filter: { overdue: true }', /tickets_/],
  [
    'overdue, by due date',
    'admin',
    () => 'first: 50, filter: { overdue: true }, orderBy: { field: DUE_AT, direction: ASC }',
    /tickets_/,
  ],
  ['of an agent', 'agent', () => 'first: 50', /tickets_/],
  ['of a member', 'member', () => 'first: 50', /tickets_/],
])('lists tickets by an index: %s', async (_name, role, args, expected) => {
  const plan = await planOf(role, args());
  expect(plan.filter((node) => node.startsWith('Seq Scan'))).toEqual([]);
  expect(plan.join('\n')).toMatch(expected);
});

it('searches by the trigram index', async () => {
  const client = await world.app.pool.connect();
  try {
    await client.query(`BEGIN; SELECT set_config('app.tenant', '${world.acme.id}', true)`);
    const { rows: found } = await client.query("SELECT search_tickets('%zebra%', NULL)");
    expect(found).toHaveLength(Math.ceil(total / 2 / 97));
    const { rows: scans } = await client.query(
      "SELECT pg_stat_get_xact_numscans('tickets_search'::regclass) AS trigrams, pg_stat_get_xact_numscans('tickets'::regclass) AS whole",
    );
    await client.query('ROLLBACK');
    expect(scans).toEqual([{ trigrams: 1, whole: 0 }]);
  } finally {
    client.release();
  }
});
