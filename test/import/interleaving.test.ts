import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { caseRows, createDice } from '../support/helpdesk-log.ts';
import { createBench, type Bench, type BenchTenant } from '../support/import-bench.ts';

const header =
  'Case ID,Activity,Resource,Complete Timestamp,Variant,Variant index,Variant.1,seriousness,customer,product,' +
  'responsible_section,seriousness_2,service_level,service_type,support_section,workgroup,Duration,Event_ID';

let bench: Bench;
let tenants = 0;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

test('however cases are interleaved, and wherever batches end, the same tickets come out', async () => {
  const dice = createDice(2);
  const cases = Array.from({ length: 12 }, (_, index) => caseRows(index + 1, dice));
  expect(cases.flat().some((row) => row.includes('Value 392,Value 20,'))).toBe(true); // what a case is about changes
  const expected = await contentsOf(cases.flat(), 2_000);
  const turns = fc.array(fc.nat(cases.length - 1), { minLength: 100, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(turns, fc.integer({ min: 1, max: 40 }), async (order, batchSize) => {
      expect(await contentsOf(interleave(cases, order), batchSize)).toEqual(expected);
    }),
    { numRuns: 15 },
  );
}, 120_000);

test('rows in any order at all give the same tickets: the events of a case are numbered', async () => {
  const dice = createDice(11);
  const rows = Array.from({ length: 12 }, (_, index) => caseRows(index + 1, dice)).flat();
  const expected = withoutTitles(await contentsOf(rows, 2_000));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(rows, { minLength: rows.length }), async (shuffled) => {
      expect(withoutTitles(await contentsOf(shuffled, 10))).toEqual(expected);
    }),
    { numRuns: 8 },
  );
}, 120_000);

/** Takes the next row of the case whose turn it is; what is left over comes at the end. */
function interleave(cases: readonly string[][], order: readonly number[]): string[] {
  const left = cases.map((rows) => [...rows]);
  return [...order.flatMap((index) => left[index]?.splice(0, 1) ?? []), ...left.flat()];
}

/** A title names the product that came first, in the file. */
function withoutTitles(contents: any): unknown {
  return { ...contents, tickets: contents.tickets.map((ticket: object) => ({ ...ticket, title: null })) };
}

async function contentsOf(rows: string[], batchSize: number): Promise<any> {
  const tenant: BenchTenant = await bench.addTenant(`tenant-${(tenants += 1)}`);
  const loaded = await tenant.load({ text: `${[header, ...rows].join('\n')}\n` }, { batchSize });
  expect(loaded).toMatchObject({ events: rows.length, rejected: 0 });
  return JSON.parse(JSON.stringify(await tenant.contents()).replaceAll(`import.${tenant.slug}.test`, 'import.test'));
}
