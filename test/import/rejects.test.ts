import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBench, type Bench, type BenchTenant } from '../support/import-bench.ts';

const header =
  'Case ID,Activity,Resource,Complete Timestamp,customer,product,seriousness_2,service_level,support_section,' +
  'workgroup,Event_ID';

/** A good row, but for what is asked to be different. */
function row(
  changes: Partial<Record<'id' | 'activity' | 'agent' | 'time' | 'customer' | 'event', string>> = {},
): string {
  const { id = 'Case 1', activity = 'Wait', agent = 'Value 1', customer = 'Value 1', event = '1' } = changes;
  const { time = '2012-10-09 14:50:17' } = changes;
  return `${id},${activity},${agent},${time},${customer},Value 1,Value 1,Value 2,Value 1,Value 1,${event}`;
}

const good = (number: number) => row({ id: `Good ${number}` });
const file = (...lines: string[]) => ({ text: `${[header, ...lines].join('\n')}\n` });

let bench: Bench;
let tenant: BenchTenant;
let tenants = 0;

beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  tenant = await bench.addTenant(`tenant-${(tenants += 1)}`);
});

describe('one bad row goes to the rejects with its line and reason, and the rest loads:', () => {
  const time = (text: string) => `Complete Timestamp "${text}" is not a time like 2012-10-09 14:50:17`;
  const huge = 'x'.repeat(70_000);
  test.each<[string, string | Buffer, string]>([
    ['too few columns', 'Case 1,Wait,Value 1', 'the row has 3 columns, the header has 11'],
    ['too many columns', `${row()},more`, 'the row has 12 columns, the header has 11'],
    ['no case', row({ id: '' }), 'Case ID is empty'],
    ['only spaces', row({ agent: '   ' }), 'Resource is empty'],
    ['an unknown activity', row({ activity: 'Dance' }), 'the activity "Dance" is not known'],
    ['an activity in other letters', row({ activity: 'closed' }), 'the activity "closed" is not known'],
    ['another order of day and month', row({ time: '09/10/2012 14:50' }), time('09/10/2012 14:50')],
    ['a day that no calendar has', row({ time: '2011-02-29 10:00:00' }), time('2011-02-29 10:00:00')],
    ['an hour that no clock has', row({ time: '2012-10-09 24:00:00' }), time('2012-10-09 24:00:00')],
    ['a time with a zone', row({ time: '2012-10-09T14:50:17Z' }), time('2012-10-09T14:50:17Z')],
    ['an event without a number', row({ event: 'first' }), 'Event_ID "first" is not a whole number'],
    ['a negative number', row({ event: '-1' }), 'Event_ID "-1" is not a whole number'],
    ['a huge number', row({ event: '99999999999' }), 'Event_ID "99999999999" is not a whole number'],
    [
      'an unknown seriousness',
      row().replace('Value 1,Value 2', 'Value 9,Value 2'),
      'seriousness_2 "Value 9" has no priority',
    ],
    ['an unknown level', row().replace('Value 2', 'Gold'), 'service_level "Gold" has no time to resolve'],
    ['a quote that is never closed', row({ customer: '"Value 1' }), 'a quote is never closed'],
    ['a quote inside a field', row({ customer: 'Va"lue 1' }), 'a quote stands inside a field that is not quoted'],
    ['text after a quote', row({ customer: '"Value" 1' }), 'there is text after a closing quote'],
    ['a line break in a value', row({ customer: '"Value\n1"' }), 'customer holds a control character'],
    ['Latin-1', Buffer.from(row({ customer: 'Citt\u00e0' }), 'latin1'), 'the line is not UTF-8 text'],
    ['a NUL', row({ customer: 'Value\u00001' }), 'the line holds a NUL character'],
    ['a long value', row({ customer: 'x'.repeat(151) }), 'customer is longer than 150 characters'],
    ['a huge value', row({ customer: huge }), 'the line is longer than 65536 bytes'],
    ['a huge quoted value', row({ customer: `"${huge}"` }), 'the line is longer than 65536 bytes'],
  ])('%s', async (_, bad, reason) => {
    const text = Buffer.concat([
      Buffer.from(`${header}\n${good(1)}\n`),
      Buffer.from(bad),
      Buffer.from(`\n${good(2)}\n`),
    ]);
    const loaded = await tenant.load({ text });
    expect(loaded.rejects.map(({ line, reason: why }) => ({ line, reason: why }))).toEqual([{ line: 3, reason }]);
    expect(loaded).toMatchObject({ rows: 3, events: 2, tickets: 2, rejected: 1 });
  });
});

test('the rejects file shows the row as it was', async () => {
  const bad = row({ activity: 'Say "hello", twice' }).replace('Say "hello", twice', '"Say ""hello"", twice"');
  const loaded = await tenant.load(file(bad));
  expect(loaded.rejects).toEqual([{ line: 2, reason: expect.stringContaining('is not known'), row: bad }]);
});

test('a quote that is never closed costs its own line, not the rows up to the next quote', async () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => good(index));
  lines[10] = row({ id: '"Broken' });
  lines[2_000] = row({ id: '"Quoted, well"' });
  const loaded = await tenant.load(file(...lines));
  expect(loaded).toMatchObject({ events: 2_999, rejected: 1, rejects: [{ line: 12 }] });
});

test('a second event with the number of another is a reject, the same event once more is not', async () => {
  const loaded = await tenant.load(file(row(), row(), row({ activity: 'Closed' })));
  expect(loaded).toMatchObject({
    events: 1,
    known: 1,
    rejects: [{ line: 4, reason: 'the case has another event with this number' }],
  });
  const again = await tenant.load(file(row({ activity: 'Closed' })));
  expect(again).toMatchObject({ events: 0, known: 0, rejects: [{ line: 2 }] });
});

test('rows that were mended load later, and the ticket is as if they had never been missing', async () => {
  const story = ['Assign seriousness', 'Take in charge ticket', 'Resolve ticket', 'Closed'].map((activity, index) =>
    row({ activity, event: String(index + 1), agent: `Value ${index + 1}`, time: `2012-10-0${index + 1} 10:00:00` }),
  );
  const { tickets: expected } = (await (async () => {
    const other = await bench.addTenant('never-broken');
    await other.load(file(...story));
    return other.contents();
  })()) as { tickets: unknown };
  for (const broken of [0, 1, 2, 3]) {
    const mended = await bench.addTenant(`mended-${broken}`);
    const lines = story.with(broken, story[broken]!.replace(/,2012-10/, ',20121-0'));
    expect(await mended.load(file(...lines))).toMatchObject({ events: 3, rejected: 1 });
    expect(await mended.load(file(...story))).toMatchObject({ events: 1, known: 3, rejected: 0 });
    expect(((await mended.contents()) as { tickets: unknown }).tickets).toEqual(expected);
  }
});

describe('a file that is read whatever wrote it:', () => {
  const rows = [row(), row({ event: '2', customer: '"Value 1"' })];
  test.each<[string, string]>([
    ['a byte order mark', `\uFEFF${header}\n${rows.join('\n')}\n`],
    ['CRLF', `${[header, ...rows].join('\r\n')}\r\n`],
    ['no end of the last line', [header, ...rows].join('\n')],
    ['empty lines', `${[header, '', ...rows, '', ''].join('\n')}\n\n`],
    ['a quoted header', `${header.replace('Case ID', '"Case ID"')}\n${rows.join('\n')}\n`],
    ['spaces around names', `${header.replace(',customer,', ', customer ,')}\n${rows.join('\n')}\n`],
    [
      'columns in another order, and others besides',
      `extra,Event_ID,workgroup,support_section,service_level,seriousness_2,product,customer,Complete Timestamp,Resource,Activity,Case ID,extra\n${rows
        .map((line) => `a,${line.split(',').toReversed().join(',')},b`)
        .join('\n')}\n`,
    ],
  ])('%s', async (_, text) => {
    expect(await tenant.load({ text })).toMatchObject({ rows: 2, tickets: 1, events: 2, rejected: 0 });
  });

  test('a quoted name of two lines of another column', async () => {
    const text = `${header},note\n${row()},"two\nlines, and a ""quote"""\n${row({ event: '2' })},one\n`;
    expect(await tenant.load({ text })).toMatchObject({ rows: 2, events: 2, rejected: 0 });
  });
});

describe('a file that cannot be imported says why:', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['empty', '', /The file is empty. It needs a header with the columns Case ID, Activity, .*, Event_ID\./],
    ['only empty lines', '\n\n\n', /The file is empty/],
    ['no header', `${row()}\n`, /the header misses the columns Case ID, Activity/],
    ['a column missing', `${header.replace(',customer', '')}\n`, /the header misses the columns customer\./],
    ['a column twice', `${header},customer\n`, /more than once: customer\./],
    ['semicolons', `${header.replaceAll(',', ';')}\n`, /the header misses the columns Case ID/],
    ['a header with a broken quote', `"${header}\n${row()}\n`, /The header cannot be read: a quote is never closed/],
    ['UTF-16', Buffer.from(`\uFEFF${header}\n`, 'utf16le'), /The file is UTF-16/],
    ['no text at all', Buffer.from([0x50, 0x4b, 0x03, 0x04, 0, 0, 0x0a]), /The header cannot be read: .* NUL/],
  ])('%s', async (_, text, message) => {
    await expect(tenant.load({ text })).rejects.toThrow(message);
  });

  test('it is not there', async () => {
    await expect(tenant.load({ file: `${bench.folder}/nowhere.csv` })).rejects.toThrow(/there is no such file/);
  });

  test('it is a folder', async () => {
    await expect(tenant.load({ file: bench.folder })).rejects.toThrow(/cannot be read/);
  });
});

test('a header without rows loads nothing and is no failure', async () => {
  expect(await tenant.load(file())).toMatchObject({ rows: 0, events: 0, rejected: 0 });
});

test('real names, in any letters, become people and customers of their own', async () => {
  const names = ['Zoë Ångström', 'zoe angstrom', 'ZOE ANGSTROM', '山田 太郎', "O'Brien; DROP TABLE people"];
  const lines = names.map((name, index) => row({ agent: name, customer: name, event: String(index + 1) }));
  expect(await tenant.load(file(...lines))).toMatchObject({ events: names.length, rejected: 0 });
  for (const table of ['people', 'customers']) {
    const rows = await tenant.rows(`select name from ${table} where tenant_id = $1`);
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(names));
  }
});
