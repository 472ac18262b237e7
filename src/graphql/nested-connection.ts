import DataLoader from 'dataloader';
import { expressionBuilder, sql, type Expression, type Kysely, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import { anyOf } from '../db/any-of.ts';
import type { Tables } from '../db/tables.ts';
import { pageOfRows, toPage, type ConnectionArgs, type ConnectionOrder } from './connection.ts';
import { groupedBy } from './loaders.ts';

/** One parent's page of children. */
export interface NestedKey {
  parentId: string;
  args: ConnectionArgs;
}

export type NestedPage<Row extends { id: string }> = ReturnType<typeof toPage<Row>>;
export type NestedLoader<Row extends { id: string }> = DataLoader<NestedKey, NestedPage<Row>, string>;

export interface NestedOptions<Row extends { id: string }> {
  db: Kysely<Tables>;
  order: ConnectionOrder<Row>;
  /** The children's id column, qualified: `ticket_comments.id`. */
  id: RawBuilder<unknown>;
  /** The children of one parent, whose id is the expression given, with the columns of a row. */
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever tables the children come from
  children: (parentId: Expression<string>) => SelectQueryBuilder<any, any, Row>;
}

/**
 * Loads pages of children: one statement for all the parents of a list, each limited by itself (a lateral join), so
 * that the cost does not grow with the longest list of children.
 */
export function createNestedLoader<Row extends { id: string }>(options: NestedOptions<Row>): NestedLoader<Row> {
  return new DataLoader<NestedKey, NestedPage<Row>, string>(
    async (keys) => {
      const shapes = [...new Set(keys.map(shapeOf))];
      const groups = groupedBy(shapes, keys, shapeOf);
      const loaded = await Promise.all(groups.map((group) => loadGroup(group, options)));
      const byKey = new Map(loaded.flat());
      return keys.map((key) => byKey.get(keyOf(key)) ?? new Error('A page of children was not loaded.'));
    },
    { cacheKeyFn: keyOf },
  );
}

/** A connection whose page is loaded only if edges or pageInfo are read: a total alone costs what the total costs. */
export function nestedConnection<Row extends { id: string }, Total>(
  loader: NestedLoader<Row>,
  { totalCount, ...key }: NestedKey & { totalCount: Total },
) {
  return new LazyConnection(totalCount, () => loader.load(key));
}

class LazyConnection<Row extends { id: string }, Total> {
  readonly totalCount: Total;
  readonly #load: () => Promise<NestedPage<Row>>;

  constructor(totalCount: Total, load: () => Promise<NestedPage<Row>>) {
    this.totalCount = totalCount;
    this.#load = load;
  }

  get edges() {
    return this.#load().then((page) => page.edges);
  }

  get pageInfo() {
    return this.#load().then((page) => page.pageInfo);
  }
}

/** Pages asked for with the same arguments; a wrong argument fails those who sent it and nobody else. */
async function loadGroup<Row extends { id: string }>(
  group: readonly NestedKey[],
  options: NestedOptions<Row>,
): Promise<[string, NestedPage<Row> | Error][]> {
  const args = group[0]?.args ?? {};
  try {
    const parentIds = group.map(({ parentId }) => parentId);
    const rows = await findPages(parentIds, args, options);
    const pages = groupedBy(parentIds, rows, (row) => row.parent_id);
    return group.map((key, index) => [keyOf(key), toPage(pages[index] ?? [], args, options.order)]);
  } catch (error) {
    return group.map((key) => [keyOf(key), error as Error]);
  }
}

async function findPages<Row extends { id: string }>(
  parentIds: readonly string[],
  args: ConnectionArgs,
  { db, order, id, children }: NestedOptions<Row>,
): Promise<(Row & { parent_id: string })[]> {
  const direction = (order.direction === 'desc') !== (args.last != null) ? 'desc' : 'asc';
  const parentId = expressionBuilder<{ parent: { id: string } }, 'parent'>().ref('parent.id');
  const rows = children(parentId).select(sql`${order.by}`.as('sort_key'));
  const page = pageOfRows(rows as SelectQueryBuilder<any, any, Row>, { args, order, id });
  return (await db
    .selectFrom(sql<{ id: string }>`unnest(${parentIds}::uuid[])`.as<'parent'>(sql`parent(id)`))
    .innerJoinLateral(page.as('child'), (join) => join.onTrue())
    .where(anyOf('parent.id', parentIds)) // true of all of them: it tells what the children depend on
    .selectAll('child')
    .select('parent.id as parent_id')
    .orderBy(sql`child.sort_key ${sql.raw(direction)}, child.id ${sql.raw(direction)}`)
    .execute()) as never;
}

function keyOf(key: NestedKey): string {
  return `${key.parentId} ${shapeOf(key)}`;
}

function shapeOf({ args: { first, after, last, before } }: NestedKey): string {
  return JSON.stringify([first, after, last, before]);
}
