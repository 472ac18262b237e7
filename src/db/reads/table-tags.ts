import type { Tag } from '../../cache/index.ts';
import type { ColumnKey, Conditions } from './conditions.ts';
import { monthsBetween } from './months.ts';
import type { Narrowing, TrackedTable } from './tracked-tables.ts';

/** More tags than this for one table are worse than one for the whole type. */
const maxTags = 200;

/** What a read of one table depends on. Wider is safe. */
export function tagsOfTable(alias: string, table: TrackedTable, conditions: Conditions): Tag[] {
  const narrowest = narrowestTags(alias, table, conditions);
  // A statement that changes very many rows says so once, for the whole type.
  return narrowest ? [...narrowest, `A:${table.type}`] : [`L:${table.type}`];
}

/**
 * A change can alter the answer only through a row that meets every condition, before or after the change, so depending
 * on any one condition is enough: the narrowest is taken. Of an OR some branch must hold, so all its branches count.
 */
function narrowestTags(alias: string, table: TrackedTable, conditions: Conditions): Tag[] | null {
  const candidates = [
    ...table.narrowings.map((narrowing) => tagsBy(narrowing, `${alias}.${narrowing.column}`, conditions)),
    ...conditions.alternatives.map((branches) => {
      const tags = branches.map((branch) => narrowestTags(alias, table, branch));
      return tags.includes(null) ? null : [...new Set(tags.flatMap((some) => some ?? []))];
    }),
  ];
  return candidates
    .filter((tags) => tags !== null && tags.length <= maxTags)
    .reduce<Tag[] | null>((best, tags) => (best && tags && best.length <= tags.length ? best : tags), null);
}

function tagsBy({ kind, prefix }: Narrowing, key: ColumnKey, { values, ranges }: Conditions): Tag[] | null {
  const known = values.get(key);
  if (kind === 'month of date' || kind === 'month of instant') {
    const only = known?.length === 1 ? known[0] : undefined;
    const range = ranges.get(key);
    return monthsBetween(only ?? range?.from, only ?? range?.to, kind)?.map((month) => prefix + month) ?? null;
  }
  const texts = known?.map((value) => textOf(value, kind));
  return texts && !texts.includes(null) ? [...new Set(texts)].map((text) => `${prefix}${text}`) : null;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A value as Postgres writes it; null where it might write it otherwise, as for a uuid without its hyphens. */
function textOf(value: unknown, kind: Narrowing['kind']): string | null {
  switch (kind) {
    case 'uuid':
      return typeof value === 'string' && uuid.test(value) ? value.toLowerCase() : null;
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? String(value) : null;
    default:
      return Number.isSafeInteger(value) ? String(Number(value)) : null;
  }
}
