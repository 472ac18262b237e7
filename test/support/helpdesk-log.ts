import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { parse } from 'csv-parse/sync';

/** Where the real log lies for those who have it: beside the repository. */
const realLog = new URL('../../../shared/data/helpdesk-log.csv', import.meta.url).pathname;

const header =
  'Case ID,Activity,Resource,Complete Timestamp,Variant,Variant index,Variant.1,seriousness,customer,product,' +
  'responsible_section,seriousness_2,service_level,service_type,support_section,workgroup,Duration,Event_ID';

/** The real log where it is; elsewhere one of the same form, written to `path`. */
export async function helpdeskLog(path: string): Promise<string> {
  if (existsSync(realLog)) return realLog;
  await writeLog(path, { cases: 4_479 });
  return path;
}

export interface LogRow {
  'Case ID': string;
  Activity: string;
  Resource: string;
  'Complete Timestamp': string;
  customer: string;
  product: string;
  service_level: string;
  seriousness_2: string;
  support_section: string;
  workgroup: string;
  Event_ID: string;
}

/** Reads a whole log with a CSV reader that is not ours: to count independently. */
export function readLog(path: string): LogRow[] {
  return parse(readFileSync(path), { columns: true, bom: true });
}

/** Rows by what `key` says of them, in the order of the file. */
export function groupRows(rows: readonly LogRow[], key: keyof LogRow): Map<string, LogRow[]> {
  const groups = new Map<string, LogRow[]>();
  for (const row of rows) {
    const group = groups.get(row[key]);
    if (group) group.push(row);
    else groups.set(row[key], [row]);
  }
  return groups;
}

export interface LogSize {
  cases: number;
  /** The same seed writes the same file. @default 1 */
  seed?: number;
  /** Cases are written together in groups of this size, row by row in turn. @default 1, one after the other */
  interleaved?: number;
}

/** Writes a log of the real one's form: same columns, activities, mix and pace. Streams, so any size will do. */
export async function writeLog(path: string, { cases, seed = 1, interleaved = 1 }: LogSize): Promise<void> {
  const dice = createDice(seed);
  const file = createWriteStream(path);
  file.write(`${header}\n`);
  for (let first = 1; first <= cases; first += interleaved) {
    const group = Array.from({ length: Math.min(interleaved, cases - first + 1) }, (_, index) =>
      caseRows(first + index, dice),
    );
    while (group.some((rows) => rows.length > 0)) {
      for (const rows of group) {
        const row = rows.shift();
        if (row && !file.write(`${row}\n`)) await once(file, 'drain');
      }
    }
  }
  file.end();
  await once(file, 'close');
}

/** The rows of one case, in order. */
export function caseRows(number: number, dice: Dice): string[] {
  const pick = (weights: number[]) => `Value ${dice.weighted(weights) + 1}`;
  const about = {
    customer: `Value ${1 + Math.floor(392 * dice.next() ** 2)}`,
    product: pick([37, 37, 13, 4, 2, 2, 1, 1, 1]),
    seriousness: pick([57, 39, 1, 4]),
    level: pick([3, 77, 20, 1]),
    section: pick([96, 1, 2, 1]),
    workgroup: pick([85, 12, 2, 1]),
  };
  let time = Date.UTC(2010, 0, 13) + Math.floor(dice.next() * 1_400) * 86_400_000 + 30_000_000;
  const changesFrom = dice.next() < 0.05 ? 2 : Infinity;
  return activitiesOf(dice).map((activity, index) => {
    if (index === changesFrom) Object.assign(about, { product: 'Value 20', customer: 'Value 392' });
    time += Math.floor(dice.next() ** 4 * 20 * 86_400_000);
    if (new Date(time).getUTCHours() < 7) time += 7 * 3_600_000; // nobody works when clocks are changed
    const stamp = new Date(time).toISOString().slice(0, 19).replace('T', ' ');
    const agent = `Value ${1 + Math.floor(22 * dice.next() ** 2)}`;
    const { customer, product, seriousness, level, section, workgroup } = about;
    return (
      `Case ${number},${activity},${agent},${stamp},Variant 1,1,Variant 1,Value 1,${customer},${product},` +
      `Value 1,${seriousness},${level},Value 1,${section},${workgroup},0.0,${index + 1}`
    );
  });
}

function activitiesOf(dice: Dice): string[] {
  const sometimes = (chance: number, ...names: string[]) => (dice.next() < chance ? names : []);
  return [
    ...sometimes(0.03, 'Insert ticket'),
    'Assign seriousness',
    ...sometimes(0.1, 'Assign seriousness'),
    ...sometimes(0.95, 'Take in charge ticket'),
    ...sometimes(0.3, 'Wait', 'Take in charge ticket'),
    ...sometimes(0.02, 'Require upgrade'),
    ...sometimes(0.01, 'Create SW anomaly', 'Resolve SW anomaly'),
    ...sometimes(0.005, 'Schedule intervention'),
    ...sometimes(0.002, 'RESOLVED', 'INVALID', 'VERIFIED', 'DUPLICATE'),
    'Resolve ticket',
    ...sometimes(0.04, 'Take in charge ticket', 'Resolve ticket'),
    'Closed',
    ...sometimes(0.005, 'Closed'),
    ...sometimes(0.005, 'Take in charge ticket', 'Resolve ticket', 'Closed'),
  ];
}

export interface Dice {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** An index, as often as its weight says. */
  weighted(weights: number[]): number;
}

/** Mulberry32: small, and the same everywhere. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    weighted(weights) {
      let left = next() * weights.reduce((sum, weight) => sum + weight, 0);
      return Math.max(
        0,
        weights.findIndex((weight) => (left -= weight) < 0),
      );
    },
  };
}
