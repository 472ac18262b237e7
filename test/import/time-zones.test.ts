import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBench, type Bench } from '../support/import-bench.ts';

const header =
  'Case ID,Activity,Resource,Complete Timestamp,customer,product,seriousness_2,service_level,support_section,' +
  'workgroup,Event_ID';
const text = (...times: string[]) =>
  [
    header,
    ...times.map(
      (time, index) => `Case ${index},Wait,Value 1,${time},Value 1,Value 1,Value 1,Value 1,Value 1,Value 1,1`,
    ),
  ].join('\n');

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

async function instantsOf(slug: string, zone: string, ...times: string[]) {
  const tenant = await bench.addTenant(slug, zone);
  await tenant.load({ text: text(...times) });
  const rows = await tenant.rows(
    'select created_at, due_at, updated_at from tickets where tenant_id = $1 order by external_ref',
  );
  return rows.map(({ created_at, due_at, updated_at }) => {
    expect(updated_at).toEqual(created_at);
    return { created: created_at.toISOString(), due: due_at.toISOString() };
  });
}

test("times are the tenant's own: the same row is another instant in another zone", async () => {
  const [rome] = await instantsOf('rome', 'Europe/Rome', '2012-07-02 14:00:00');
  const [tokyo] = await instantsOf('tokyo', 'Asia/Tokyo', '2012-07-02 14:00:00');
  expect(rome?.created).toBe('2012-07-02T12:00:00.000Z');
  expect(tokyo?.created).toBe('2012-07-02T05:00:00.000Z');
});

test('an hour the clocks skipped is read as if they had not been put forward yet', async () => {
  // Rome, 2012-03-25: 02:00 becomes 03:00.
  const [before, within, after] = await instantsOf(
    'spring',
    'Europe/Rome',
    '2012-03-25 01:59:59',
    '2012-03-25 02:30:00',
    '2012-03-25 03:00:00',
  );
  expect(before?.created).toBe('2012-03-25T00:59:59.000Z');
  expect(within?.created).toBe('2012-03-25T01:30:00.000Z');
  expect(after?.created).toBe('2012-03-25T01:00:00.000Z');
});

test('an hour the clocks showed twice is the second one, in standard time', async () => {
  // Rome, 2012-10-28: 03:00 becomes 02:00.
  const [before, within, after] = await instantsOf(
    'autumn',
    'Europe/Rome',
    '2012-10-28 01:59:59',
    '2012-10-28 02:30:00',
    '2012-10-28 03:00:00',
  );
  expect(before?.created).toBe('2012-10-27T23:59:59.000Z');
  expect(within?.created).toBe('2012-10-28T01:30:00.000Z');
  expect(after?.created).toBe('2012-10-28T02:00:00.000Z');
});

test('a due date lies whole days later on the clock of the wall, also across a change of it', async () => {
  // Service level 1 is 30 days; the clocks go forward on 2012-03-25.
  const [ticket] = await instantsOf('due', 'Europe/Rome', '2012-03-01 09:00:00');
  expect(ticket).toEqual({ created: '2012-03-01T08:00:00.000Z', due: '2012-03-31T07:00:00.000Z' });
});

test("--until means the end of that day at the tenant's", async () => {
  const tenant = await bench.addTenant('until', 'Pacific/Auckland');
  const source = { text: text('2012-07-02 00:00:00', '2012-07-02 23:59:59', '2012-07-03 00:00:00') };
  expect(await tenant.load(source, { until: '2012-07-02' })).toMatchObject({ events: 2, later: 1 });
  expect(await tenant.load(source, { until: '2012-07-01' })).toMatchObject({ events: 0, known: 0, later: 3 });
  expect(await tenant.load(source)).toMatchObject({ events: 1, known: 2, later: 0 });
});
