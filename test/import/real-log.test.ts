import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { groupRows, helpdeskLog, readLog, type LogRow } from '../support/helpdesk-log.ts';
import { createBench, type Bench, type BenchTenant, type Loaded } from '../support/import-bench.ts';

/** Ends of day at which the log was counted; working days spread over its four years. */
const days = ['2011-03-15', '2012-06-29', '2013-10-04'];

let bench: Bench;
let file: string;
let log: LogRow[];
let cases: Map<string, LogRow[]>;

beforeAll(async () => {
  bench = await createBench();
  file = await helpdeskLog(join(bench.folder, 'generated.csv'));
  log = readLog(file);
  cases = groupRows(log, 'Case ID');
});
afterAll(() => bench.close());

describe('the whole log', () => {
  let acme: BenchTenant;
  let loaded: Loaded;

  beforeAll(async () => {
    acme = await bench.addTenant('acme');
    loaded = await acme.load({ file });
  }, 60_000);

  test('is loaded without a reject, every row of it', () => {
    expect(loaded).toEqual({
      rows: log.length,
      tickets: cases.size,
      events: log.length,
      known: 0,
      later: 0,
      rejected: 0,
      rejects: [],
    });
  });

  test('makes as many tickets, agents, customers and products as the file names', async () => {
    const distinct = (column: keyof LogRow) => new Set(log.map((row) => row[column])).size;
    const [counts] = await acme.rows(`select
      (select count(*)::int from tickets where tenant_id = $1) as tickets,
      (select count(*)::int from people where tenant_id = $1) as agents,
      (select count(*)::int from customers where tenant_id = $1) as customers,
      (select count(*)::int from choices where tenant_id = $1 and kind = 'TICKET_CATEGORY') as products,
      (select count(*)::int from teams where tenant_id = $1) as teams,
      (select count(*)::int from sites where tenant_id = $1) as sites`);
    expect(counts).toEqual({
      tickets: distinct('Case ID'),
      agents: distinct('Resource'),
      customers: distinct('customer'),
      products: distinct('product'),
      teams: distinct('workgroup'),
      sites: distinct('support_section'),
    });
  });

  test('keeps every event: as many of each activity as the file has, each of a kind of its own', async () => {
    const rows = await acme.rows<{ activity: string; kind: string; count: number }>(
      `select detail ->> 'activity' as activity, kind, count(*)::int as count
       from ticket_events where tenant_id = $1 group by 1, 2`,
    );
    const counted = groupRows(log, 'Activity');
    expect(Object.fromEntries(rows.map(({ activity, count }) => [activity, count]))).toEqual(
      Object.fromEntries([...counted].map(([activity, events]) => [activity, events.length])),
    );
    expect(rows).toHaveLength(counted.size);
  });

  test('gives tickets their customer, category, team and first and last instants from the file', async () => {
    const rows = await acme.rows(
      `select t.external_ref as ref, c.external_ref as customer, k.label as category, w.name as team,
              to_char(t.created_at at time zone 'Europe/Rome', 'YYYY-MM-DD HH24:MI:SS') as created,
              to_char(t.updated_at at time zone 'Europe/Rome', 'YYYY-MM-DD HH24:MI:SS') as updated
       from tickets t join customers c on c.id = t.customer_id join choices k on k.id = t.category_id
         join teams w on w.id = t.team_id where t.tenant_id = $1`,
    );
    const expected = [...cases].map(([ref, events]) => {
      const last = events.at(-1)!;
      return {
        ref,
        customer: last.customer,
        category: last.product.replace('Value', 'Product'),
        team: last.workgroup.replace('Value', 'Workgroup'),
        created: events[0]!['Complete Timestamp'],
        updated: last['Complete Timestamp'],
      };
    });
    expect(new Set(rows.map((row) => JSON.stringify(row)))).toEqual(
      new Set(expected.map((row) => JSON.stringify(row))),
    );
  });

  test('numbers the tickets from 1 without a gap', async () => {
    const { numbers } = (await acme.contents()) as { numbers: unknown };
    expect(numbers).toEqual([{ tickets: cases.size, first: 1, last: cases.size, counter: cases.size }]);
  });

  test('a second run adds nothing and changes nothing', async () => {
    const before = await acme.contents();
    const versions = 'select sum(version)::int as total from tickets where tenant_id = $1';
    const [totalBefore] = await acme.rows(versions);
    expect(await acme.load({ file })).toMatchObject({ tickets: 0, events: 0, known: log.length, rejected: 0 });
    expect(await acme.contents()).toEqual(before);
    expect(await acme.rows(versions)).toEqual([totalBefore]);
  });
});

test('--until loads the world of that day, later days continue it, and the end is the same as in one go', async () => {
  const inSteps = await bench.addTenant('in-steps');
  for (const day of days) {
    const loaded = await inSteps.load({ file }, { until: day });
    const world = openAt(day);
    expect(loaded.later).toBe(log.filter((row) => row['Complete Timestamp'].slice(0, 10) > day).length);
    const rows = await inSteps.rows<{ ref: string; open: boolean }>(
      `select external_ref as ref, status <> 'CLOSED' as open from tickets where tenant_id = $1`,
    );
    expect(rows).toHaveLength(world.size);
    expect(new Set(rows.filter(({ open }) => open).map(({ ref }) => ref))).toEqual(
      new Set([...world].filter(([, open]) => open).map(([ref]) => ref)),
    );
    expect(rows.filter(({ open }) => open).length).toBeGreaterThan(10);
  }
  await inSteps.load({ file });
  const atOnce = await bench.addTenant('at-once');
  await atOnce.load({ file });
  const withoutMail = async (tenant: BenchTenant) =>
    JSON.parse(JSON.stringify(await tenant.contents()).replaceAll(`import.${tenant.slug}.test`, 'import.test'));
  expect(await withoutMail(inSteps)).toEqual(await withoutMail(atOnce));
}, 120_000);

/** The cases begun by the end of a day, and whether each was still open: its last event so far was not `Closed`. */
function openAt(day: string): Map<string, boolean> {
  const world = new Map<string, boolean>();
  for (const [ref, events] of cases) {
    const sofar = events.filter((row) => row['Complete Timestamp'].slice(0, 10) <= day);
    if (sofar.length > 0) world.set(ref, sofar.at(-1)!.Activity !== 'Closed');
  }
  return world;
}
