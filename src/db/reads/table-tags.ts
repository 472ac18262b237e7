import type { Tag } from '../../cache/index.ts';
import type { ColumnKey, Conditions } from './conditions.ts';
import type { TrackedTable } from './tracked-tables.ts';

/** More tags than this for one table are worse than one for the whole type. */
const maxTags = 200;
const maxMonths = 24;

/**
 * What a read of one table depends on. A change can alter the answer only through a row that meets every condition,
 * before or after the change, so depending on any one condition is enough: the narrowest is taken. Wider is safe.
 */
export function tagsOfTable(alias: string, { type, partitions }: TrackedTable, conditions: Conditions): Tag[] {
  const candidates: Tag[][] = [];
  const ids = textsOf(conditions.values.get(`${alias}.id`));
  if (ids) candidates.push(ids.map((id) => `E:${type}:${id}`));
  for (const partition of partitions) {
    const [column = '', bucket] = partition.split(':');
    const key: ColumnKey = `${alias}.${column}`;
    const values = bucket ? monthsOf(conditions, key) : textsOf(conditions.values.get(key));
    if (values) candidates.push(values.map((value) => `P:${type}:${partition}=${value}`));
  }
  const narrowest = candidates
    .filter((tags) => tags.length <= maxTags)
    .reduce<Tag[] | null>((best, tags) => (best && best.length <= tags.length ? best : tags), null);
  // A statement that changes very many rows says so once, for the whole type.
  return narrowest ? [...narrowest, `A:${type}`] : [`L:${type}`];
}

/** Values as Postgres writes them as text; undefined where one of them is of a kind that may be written otherwise. */
function textsOf(values: readonly unknown[] | undefined): string[] | undefined {
  if (!values) return undefined;
  const texts = values.map((value) => {
    if (typeof value === 'string') return isUuid(value) ? value.toLowerCase() : value;
    if (typeof value === 'boolean') return String(value);
    return Number.isSafeInteger(value) ? String(value) : undefined;
  });
  return texts.includes(undefined) ? undefined : [...new Set(texts.filter((text) => text !== undefined))];
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** The months (UTC) that a range touches; undefined for an open or a very long range. */
function monthsOf({ values, ranges }: Conditions, key: ColumnKey): string[] | undefined {
  const [only] = values.get(key)?.length === 1 ? (values.get(key) ?? []) : [];
  const from = monthOf(only ?? ranges.get(key)?.from);
  const to = monthOf(only ?? ranges.get(key)?.to);
  if (from === undefined || to === undefined || to - from >= maxMonths) return undefined;
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => monthName(from + index));
}

/** Months since year 0; undefined for anything that is not plainly an instant or a day. */
function monthOf(value: unknown): number | undefined {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? undefined : value.getUTCFullYear() * 12 + value.getUTCMonth();
  const day = typeof value === 'string' ? /^(\d{4})-(\d{2})-\d{2}$/.exec(value) : null;
  return day ? Number(day[1]) * 12 + Number(day[2]) - 1 : undefined;
}

function monthName(month: number): string {
  return `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`;
}
