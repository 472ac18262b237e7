import type pg from 'pg';

export type Row = object;

export interface RowWriter {
  /** Adds rows in bounded batches; all have the columns of the first. */
  insert(table: string, rows: Iterable<Row>): Promise<void>;
  /** Rows written so far, by table. */
  readonly counts: Readonly<Record<string, number>>;
}

const batchSize = 1_000;

/** Writes over one connection, inside whatever transaction it is in. Postgres reads the types from the table itself. */
export function createRowWriter(client: pg.PoolClient, onRows: (count: number) => void): RowWriter {
  const counts: Record<string, number> = {};

  const insertBatch = async (table: string, batch: Row[]) => {
    const columns = Object.keys(batch[0] ?? {}).join(', ');
    await client.query(
      `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
      [JSON.stringify(batch)],
    );
    counts[table] = (counts[table] ?? 0) + batch.length;
    onRows(batch.length);
  };

  return {
    counts,
    async insert(table, rows) {
      let batch: Row[] = [];
      for (const row of rows) {
        batch.push(row);
        if (batch.length < batchSize) continue;
        await insertBatch(table, batch);
        batch = [];
      }
      if (batch.length > 0) await insertBatch(table, batch);
    },
  };
}
