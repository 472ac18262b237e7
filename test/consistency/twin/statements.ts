import type pg from 'pg';
import type { Dice } from '../../support/dice.ts';
import { words } from './rows.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  /** Part of the primary key. */
  readonly isKey: boolean;
  /** Part of some unique index. */
  readonly isUnique: boolean;
}

export interface WritableTable {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** Every tracked table that belongs to tenants, with the columns that may be written. */
export async function writableTables(owner: pg.Pool, names?: readonly string[]): Promise<WritableTable[]> {
  const { rows } = await owner.query<Column & { table: string }>(
    `SELECT table_name AS table, attname AS name, format_type(atttypid, NULL) AS type,
            EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisprimary AND attnum = ANY (indkey)) AS "isKey",
            EXISTS (SELECT FROM pg_index WHERE indrelid = attrelid AND indisunique AND attnum = ANY (indkey)) AS "isUnique"
       FROM tracked_tables JOIN pg_attribute ON attrelid = to_regclass(table_name)
      WHERE type IS NOT NULL AND table_name NOT IN ('tenants', 'permissions') AND attnum > 0 AND NOT attisdropped
        AND attgenerated = '' ORDER BY table_name, attnum`,
  );
  const tables = [...new Set(rows.map(({ table }) => table))].filter((name) => !names || names.includes(name));
  return tables.map((name) => ({ name, columns: rows.filter(({ table }) => table === name) }));
}

/** Nothing refers to them, so rows of theirs may go at any time. */
const leaves = [
  'ticket_comments',
  'ticket_events',
  'notifications',
  'attendance',
  'shifts',
  'leave_requests',
  'jobs',
  'team_members',
  'person_sites',
  'preferences',
  'person_roles',
];

/** What to change so that it concerns an answer there is. */
export interface Aim {
  readonly tenantId: string;
  readonly table: string;
  /** Which rows the answer was made from, as a condition; null: any of the table. */
  readonly where: string | null;
  /** By the value of this column they belong to the answer. */
  readonly column: string | null;
}

export interface StatementOptions {
  dice: Dice;
  tables: readonly WritableTable[];
  /** Whose rows are changed. */
  tenantIds: readonly string[];
  /** What some answer was made from: changed at random, a row would hardly ever matter to any. */
  likely: () => Aim | null;
}

/** A random write as psql might send it: one statement or a transaction of several. Some are refused by constraints. */
export function randomStatements(options: StatementOptions): string[] {
  const { dice } = options;
  if (dice.chance(0.75)) return [randomStatement(options)];
  const inside = Array.from({ length: dice.int(2, 4) }, () => randomStatement(options));
  const undone = dice.chance(0.5) ? ['SAVEPOINT undone', randomStatement(options), 'ROLLBACK TO undone'] : [];
  return ['BEGIN', ...undone, ...inside, 'COMMIT'];
}

function randomStatement({ dice, tables, tenantIds, likely }: StatementOptions): string {
  const aim = dice.chance(0.7) ? likely() : null;
  const aimed = tables.find(({ name }) => name === aim?.table);
  const table = aimed ?? dice.pick(tables);
  const tenant = aimed && aim ? aim.tenantId : dice.pick(tenantIds);
  const row = rowOf(table.name, tenant, dice, (aimed && aim?.where) ?? 'true');
  // What makes a row belong to an answer is what makes it leave.
  const moved = aimed && dice.chance(0.5) ? (aim?.column ?? null) : null;
  const many = `tenant_id = '${tenant}' AND hashtext(${table.name}::text) % ${dice.int(2, 3)} = 0`; // all would become alike
  const isLeaf = leaves.includes(table.name);
  const kind = dice.int(1, 100);
  if (kind <= 45) return update({ table, dice, tenant, moved, where: row });
  if (kind <= 55) return update({ table, dice, tenant, moved, where: many });
  if (kind <= 60) return update({ table, dice, tenant, moved, where: `tenant_id IN ('${tenantIds.join("', '")}')` });
  if (kind <= 80) return insert(table, dice, tenant);
  if (kind <= 92 || !isLeaf) return `DELETE FROM ${table.name} WHERE ${row}`;
  if (kind <= 96) return `DELETE FROM ${table.name} WHERE ${many}`;
  return refill(table, dice);
}

/** One row, by where it lies: some tables have no id. */
function rowOf(table: string, tenant: string, dice: Dice, where = 'true'): string {
  return `ctid = (SELECT ctid FROM ${table} WHERE tenant_id = '${tenant}' AND ${where} ORDER BY hashtext(ctid::text || '${dice.int(1, 1_000_000)}') LIMIT 1)`;
}

interface Update {
  table: WritableTable;
  dice: Dice;
  tenant: string;
  /** A column to change among others. */
  moved: string | null;
  where: string;
}

/** Takes over what another row has: values that fit, and that queries ask for. */
function update({ table: { name, columns }, dice, tenant, moved, where }: Update): string {
  const free = columns.filter(({ isUnique }) => !isUnique);
  if (free.length === 0 || dice.chance(0.1)) {
    const keys = columns.filter((column) => column.isUnique && column.name !== 'tenant_id');
    const key = dice.pick(keys);
    return `UPDATE ${name} SET ${key.name} = ${freshValue(key, name, tenant, dice)} WHERE ${where.startsWith('tenant_id') ? rowOf(name, tenant, dice) : where}`;
  }
  const more = free.filter((column) => column.name === moved);
  const changed = dice.chance(0.3) ? free : [...new Set([...more, ...dice.some(free, dice.int(1, 2))])];
  const texts = changed.filter(
    ({ type, name: column }) => type === 'text' && ['title', 'name', 'label', 'body', 'description'].includes(column),
  );
  const values = changed.map((column) => (texts.includes(column) ? `'${dice.pick(words)}'` : `donor.${column.name}`));
  return `UPDATE ${name} SET (${changed.map((column) => column.name).join(', ')}) = ROW (${values.join(', ')})
    FROM (SELECT * FROM ${name} WHERE ${rowOf(name, tenant, dice)}) donor WHERE ${name}.${where}`;
}

/** A copy of a row under another key. */
function insert({ name, columns }: WritableTable, dice: Dice, tenant: string): string {
  const values = columns.map((column) =>
    column.isUnique && column.name !== 'tenant_id' ? freshValue(column, name, tenant, dice) : `donor.${column.name}`,
  );
  return `INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')})
    SELECT ${values.join(', ')} FROM ${name} donor WHERE donor.${rowOf(name, tenant, dice)}`;
}

function freshValue({ name, type }: Column, table: string, tenant: string, dice: Dice): string {
  if (name === 'id') return `'${dice.uuid()}'`;
  if (name === 'kind' || name === 'permission')
    return `(SELECT ${name} FROM ${table} WHERE ${rowOf(table, tenant, dice)})`;
  if (name === 'email') return `'${dice.uuid()}@twin.test'`;
  if (name === 'code') return `'X${dice.int(1, 1_000_000)}'`;
  if (type === 'text') return `'x${dice.int(1, 1_000_000)}'`;
  if (type === 'integer') return String(dice.int(10_000, 1_000_000));
  if (type === 'date') return `'2026-${dice.pick(['10', '11', '12'])}-${dice.int(10, 28)}'`;
  const owner = { person_id: 'people', role_id: 'roles', team_id: 'teams', site_id: 'sites' }[name];
  if (!owner) throw new Error(`Say what ${table}.${name} may be.`);
  return `(SELECT id FROM ${owner} WHERE ${rowOf(owner, tenant, dice)})`;
}

/** Empties a table and puts most of its rows back. */
function refill({ name, columns }: WritableTable, dice: Dice): string {
  const list = columns.map((column) => column.name).join(', ');
  return `DO $refill$ BEGIN
    CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM ${name};
    TRUNCATE ${name};
    INSERT INTO ${name} (${list}) SELECT ${list} FROM kept WHERE hashtext(kept::text) % ${dice.int(3, 9)} <> 0;
    DROP TABLE kept;
  END $refill$`;
}
