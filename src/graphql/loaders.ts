import DataLoader from 'dataloader';
import type { Selectable } from 'kysely';
import type { TableName, Tables } from '../db/tables.ts';
import type { Context } from './context.ts';

/**
 * The loaders of one request, each made when it is first asked for. A module adds its own by declaration merging
 * and `defineLoader`; other modules reach it as `context.loaders.<name>`, never by import.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the modules
export interface Loaders {}

type LoaderName = keyof Loaders & string;
type CreateLoader = (context: Context) => unknown;

const creators = new Map<string, CreateLoader>();

export function defineLoader<Name extends LoaderName>(name: Name, create: (context: Context) => Loaders[Name]): void {
  if (creators.has(name)) throw new Error(`Two modules define the loader "${name}"; give one another name.`);
  creators.set(name, create);
}

/** Loaders that forget everything at `clear`, which a mutation calls once it has committed. */
export function createLoaders(context: () => Context): { loaders: Loaders; clear: () => void } {
  const made = new Map<string, unknown>();
  const loaders = new Proxy({} as Loaders, {
    get(_, name: string) {
      const create = creators.get(name);
      if (!create) throw new Error(`No module defines the loader "${name}".`);
      if (!made.has(name)) made.set(name, create(context()));
      return made.get(name);
    },
  });
  return { loaders, clear: () => made.clear() };
}

type RowWithId<Table extends TableName> = Selectable<Tables[Table]> & { id: string };

/** The loader of one row of a table by its id; null where there is none. */
export function rowLoader<Table extends TableName>(
  context: Context,
  table: Table,
): DataLoader<string, RowWithId<Table> | null> {
  return new DataLoader(async (ids) => {
    // Kysely cannot see that a generic table has an `id`; every table loaded this way has one.
    const rows = (await context.db.read
      .selectFrom(table as never)
      .selectAll()
      .where('id' as never, 'in', ids as never)
      .execute()) as RowWithId<Table>[];
    return inOrderOf(ids, rows, (row) => row.id);
  });
}

/** Puts rows in the order of the keys that asked for them, with null where a key has none. */
export function inOrderOf<Key, Row>(
  keys: readonly Key[],
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}

/** Gathers rows by key, in the order of the keys that asked for them, with an empty list where a key has none. */
export function groupedBy<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): Row[][] {
  const groups = new Map<Key, Row[]>(keys.map((key) => [key, []]));
  for (const row of rows) groups.get(keyOf(row))?.push(row);
  return keys.map((key) => groups.get(key) ?? []);
}
