import type { GraphQLResolveInfo } from 'graphql';
import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import { ValidationError } from '../errors.ts';
import { isUuid } from '../ids.ts';
import { selects } from './selection.ts';

/** How a connection is ordered: by one expression, then by id, both in the same direction. */
export interface ConnectionOrder<Row> {
  /** Names the order inside cursors: a cursor of one order is refused by another. */
  name: string;
  /** Never NULL: coalesce a nullable column to a far value. */
  by: RawBuilder<unknown>;
  /** What `by` is for a row, as the cursor keeps it. */
  valueOf: (row: Row) => Date | string | number;
  direction: 'asc' | 'desc';
  /** Whether a cursor's value can be compared with `by`; refuses made-up cursors. @default any text or number */
  accepts?: (value: string | number) => boolean;
}

export interface ConnectionArgs {
  first?: number | null;
  after?: string | null;
  last?: number | null;
  before?: string | null;
}

export interface ConnectionOptions<DB, TB extends keyof DB, Row extends { id: string }> {
  args: ConnectionArgs;
  info: GraphQLResolveInfo;
  order: ConnectionOrder<Row>;
  /** The id column, qualified: `tickets.id`. */
  id: RawBuilder<unknown>;
  /** FROM and WHERE of the list, without order and limit. */
  filtered: SelectQueryBuilder<DB, TB, object>;
  /** Adds the columns of a row. */
  rows: (query: SelectQueryBuilder<DB, TB, object>) => SelectQueryBuilder<DB, TB, Row>;
}

const defaultPageSize = 20;
const maxPageSize = 100;

/**
 * One page by keyset: the rows after (or before) a cursor's row, by an index, however deep the page. The total, where
 * it is asked for, comes with the same statement.
 */
export async function resolveConnection<DB, TB extends keyof DB, Row extends { id: string }>(
  options: ConnectionOptions<DB, TB, Row>,
) {
  const { args, info, order, filtered } = options;
  const count = filtered.select(sql<number>`count(*)`.as('total'));
  const page = pageOfRows(options.rows(filtered), { args, order, id: options.id });
  const found = (await (
    selects(info, 'totalCount') ? page.select(sql<number>`(${count})`.as('total_count')) : page
  ).execute()) as (Row & { total_count?: number })[];
  return {
    ...toPage<Row>(found, args, order),
    // A page without rows carries no total with it: the whole list is empty, or it is counted by itself.
    totalCount: found[0]?.total_count ?? (isWholeList(args) ? 0 : async () => totalOf(await count.execute())),
  };
}

/** The rows of one page in the order they are to be read, and one more that tells whether the list goes on. */
export function pageOfRows<DB, TB extends keyof DB, Row extends { id: string }>(
  rows: SelectQueryBuilder<DB, TB, Row>,
  { args, order, id }: { args: ConnectionArgs; order: ConnectionOrder<Row>; id: RawBuilder<unknown> },
): SelectQueryBuilder<DB, TB, Row> {
  const { size, backwards } = sizeOf(args);
  let page = rows;
  for (const [argument, isAfter] of [
    ['after', true],
    ['before', false],
  ] as const) {
    const cursor = args[argument];
    if (!cursor) continue;
    const at = parseCursor(cursor, order, argument);
    const greater = (order.direction === 'asc') === isAfter;
    page = page.where(sql<boolean>`(${order.by}, ${id}) ${sql.raw(greater ? '>' : '<')} (${at.value}, ${at.id})`);
  }
  const direction = sql.raw((order.direction === 'desc') !== backwards ? 'desc' : 'asc');
  return page
    .orderBy(sql`${order.by} ${direction}`)
    .orderBy(sql`${id} ${direction}`)
    .limit(size + 1);
}

/** What `pageOfRows` found, as clients see it: in the list's own order, without the one row too many. */
export function toPage<Row extends { id: string }>(found: Row[], args: ConnectionArgs, order: ConnectionOrder<Row>) {
  const { size, backwards } = sizeOf(args);
  const more = found.length > size;
  const rows = found.slice(0, size);
  if (backwards) rows.reverse();
  const edges = rows.map((node) => ({ node, cursor: cursorOf(order, node) }));
  return {
    edges,
    pageInfo: {
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
      hasNextPage: backwards ? Boolean(args.before) : more,
      hasPreviousPage: backwards ? more : Boolean(args.after),
    },
  };
}

/** For `accepts` where cursors hold an instant, or the end of time that stands for none. */
export function isInstant(value: string | number): boolean {
  if (value === 'infinity') return true;
  const instant = new Date(value);
  // Years of more than four digits are written in a way that Postgres does not read.
  return !Number.isNaN(instant.getTime()) && instant.toISOString() === value && /^\d{4}-/.test(value);
}

/** Whether a page without rows means a list without rows. */
function isWholeList({ first, after, last, before }: ConnectionArgs): boolean {
  return !after && !before && first !== 0 && last !== 0;
}

function totalOf(rows: readonly object[]): number {
  return (rows[0] as { total: number } | undefined)?.total ?? 0;
}

function sizeOf({ first, last, after, before }: ConnectionArgs): { size: number; backwards: boolean } {
  if (first != null && last != null) {
    throw new ValidationError([{ field: 'last', message: 'Send either "first" or "last", not both.' }]);
  }
  const [field, size] = last != null ? ['last', last] : ['first', first ?? defaultPageSize];
  if (!(size >= 0 && size <= maxPageSize)) {
    throw new ValidationError([{ field, message: `Send a number from 0 to ${maxPageSize}.` }]);
  }
  if (after && before) {
    throw new ValidationError([{ field: 'before', message: 'Send either "after" or "before", not both.' }]);
  }
  return { size, backwards: last != null };
}

function cursorOf<Row extends { id: string }>(order: ConnectionOrder<Row>, row: Row): string {
  return Buffer.from(JSON.stringify([order.name, order.valueOf(row), row.id])).toString('base64url');
}

function parseCursor<Row>(cursor: string, order: ConnectionOrder<Row>, field: string) {
  try {
    const [name, value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    const plain = typeof value === 'string' || typeof value === 'number';
    if (name === order.name && isUuid(id) && plain && (order.accepts?.(value) ?? true)) return { value, id };
  } catch {
    // Falls through to the message below: whatever it was, it is not one of our cursors.
  }
  throw new ValidationError([{ field, message: 'Send a cursor that this list gave out, with the same order.' }]);
}
