import type pg from 'pg';

/** How the values of a column are written in tags: as they are, or by calendar month. */
export type NarrowingKind = 'uuid' | 'text' | 'boolean' | 'integer' | 'month of date' | 'month of instant';

/** A column by which a read can be narrowed to some of a table's rows. */
export interface Narrowing {
  readonly column: string;
  readonly kind: NarrowingKind;
  /** What its tags begin with: `E:ticket:`, `P:ticket:site_id=`. */
  readonly prefix: string;
}

/** How a table appears in tags; as the migration that created it declared with `track_changes`. */
export interface TrackedTable {
  readonly type: string;
  readonly narrowings: readonly Narrowing[];
}

export interface TrackedTables {
  /** By table name; null for a table that nothing cached is made from. */
  readonly tables: ReadonlyMap<string, TrackedTable | null>;
  /** Functions of the schema that read tables, or may: their calls must say what they read. */
  readonly functions: ReadonlySet<string>;
}

interface TableRow {
  table_name: string;
  type: string | null;
  narrowings: { narrowing: string; type: string }[];
}

// A column that is gone narrows nothing any more: leaving it out is wider, so safe.
const tablesStatement = `
  SELECT table_name, type, ARRAY(
           SELECT json_build_object('narrowing', narrowing, 'type', format_type(atttypid, NULL))
             FROM unnest(narrowings) WITH ORDINALITY AS n (narrowing, place)
             JOIN pg_attribute ON attrelid = to_regclass(table_name) AND attname = split_part(narrowing, ':', 1)
                              AND attnum > 0 AND NOT attisdropped
            ORDER BY place) AS narrowings
    FROM tracked_tables`;

// Postgres knows what a body written in SQL proper reads (BEGIN ATOMIC, RETURN); any other may read anything.
const functionsStatement = `
  SELECT DISTINCT proname AS name
    FROM pg_proc p
   WHERE pronamespace = current_schema()::regnamespace
     AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
     AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
     AND (prosqlbody IS NULL
          OR EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid
                        AND refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass)))`;

export async function loadTrackedTables(pool: pg.Pool): Promise<TrackedTables> {
  const [tables, functions] = await Promise.all([
    pool.query<TableRow>(tablesStatement),
    pool.query<{ name: string }>(functionsStatement),
  ]);
  return {
    tables: new Map(tables.rows.map((row) => [row.table_name, tableOf(row)])),
    functions: new Set(functions.rows.map(({ name }) => name)),
  };
}

function tableOf({ type, narrowings }: TableRow): TrackedTable | null {
  if (type === null) return null;
  return {
    type,
    narrowings: narrowings.map(({ narrowing, type: columnType }) => ({
      column: narrowing.split(':', 1)[0] ?? '',
      kind: kindOf(columnType),
      prefix: narrowing === 'id' ? `E:${type}:` : `P:${type}:${narrowing}=`,
    })),
  };
}

const kinds: Readonly<Record<string, NarrowingKind>> = {
  uuid: 'uuid',
  text: 'text',
  boolean: 'boolean',
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  date: 'month of date',
  'timestamp with time zone': 'month of instant',
};

function kindOf(columnType: string): NarrowingKind {
  const kind = kinds[columnType];
  if (!kind) throw new Error(`Reads cannot be narrowed by a column of type ${columnType}.`); // track_changes refuses it
  return kind;
}
