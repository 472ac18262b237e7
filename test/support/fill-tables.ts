import type pg from 'pg';

export interface TenantTable {
  name: string;
  /** Columns that a row cannot do without, and an SQL value for each; `tenant_id` apart. */
  required: { column: string; value: string }[];
}

/** Every table that has a tenant_id, as the database itself knows them: a new table is in without a line here. */
export async function tenantTables(owner: pg.Pool): Promise<TenantTable[]> {
  const { rows } = await owner.query<{ name: string; column: string; type: string; needed: boolean }>(
    `SELECT c.relname AS name, a.attname AS column, format_type(a.atttypid, NULL) AS type,
            a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS needed
       FROM pg_class c
       JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = c.oid AND t.attname = 'tenant_id' AND NOT t.attisdropped)
      ORDER BY c.relname, a.attnum`,
  );
  const names = [...new Set(rows.map(({ name }) => name))];
  return names.map((name) => {
    const columns = rows.filter((row) => row.name === name);
    const needed = columns.filter((row) => row.needed && row.column !== 'tenant_id');
    return { name, required: needed.map(({ column, type }) => ({ column, value: valueOf(type) })) };
  });
}

/**
 * Puts a row of each tenant into every table. Check constraints are dropped and foreign keys not looked at: whose a
 * row is, is all that matters here. Only for a database that the test throws away.
 */
export async function fillEveryTable(owner: pg.Pool, tables: readonly TenantTable[], tenantIds: readonly string[]) {
  const client = await owner.connect();
  try {
    await client.query(`SET session_replication_role = replica`);
    const { rows } = await client.query<{ drop: string }>(
      `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop
         FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 AND connamespace = current_schema()::regnamespace`,
    );
    for (const { drop } of rows) await client.query(drop);
    for (const table of tables) {
      for (const tenantId of tenantIds) await client.query(`${insertInto(table, tenantId)} ON CONFLICT DO NOTHING`);
    }
  } finally {
    await client.query(`RESET session_replication_role`);
    client.release();
  }
}

/** An INSERT of one row for this tenant, complete as far as columns go. */
export function insertInto({ name, required }: TenantTable, tenantId: string): string {
  const columns = ['tenant_id', ...required.map(({ column }) => column)];
  const values = [`'${tenantId}'`, ...required.map(({ value }) => value)];
  return `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${values.join(', ')})`;
}

function valueOf(type: string): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (type === 'date') return 'current_date';
  if (type.startsWith('timestamp')) return 'now()';
  if (type === 'boolean') return 'true';
  if (type === 'json' || type === 'jsonb') return `'{}'`;
  if (type.endsWith('[]')) return `'{}'`;
  if (['smallint', 'integer', 'bigint', 'numeric'].includes(type)) return '1';
  if (type === 'bytea') return `'\\x00'`;
  return `'x'`;
}
