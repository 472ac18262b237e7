import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { newId } from '../../src/ids.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { logged } from '../support/logged.ts';

let database: TestDatabase;
let owner: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase();
  owner = database.owner;
});
afterAll(() => database.drop());

describe('every table', () => {
  it('is tracked, or exempt for a reason', async () => {
    expect(await undeclared()).toEqual([]);
    const [exempt] = await rows(`SELECT count(*) FROM tracked_tables WHERE length(exempt) < 10`);
    expect(exempt).toEqual({ count: 0 });
  });

  it('that nobody declared is found out, and so is a view', async () => {
    await owner.query(`CREATE TABLE gadgets (id uuid); CREATE VIEW gadget_ids AS SELECT id FROM gadgets`);
    try {
      expect(await undeclared()).toEqual(['gadget_ids', 'gadgets']);
    } finally {
      await owner.query('DROP TABLE gadgets CASCADE');
    }
  });

  it('that is tracked has its triggers, which fire for replication roles too', async () => {
    const found = await rows(
      `SELECT table_name AS name, array_agg(tgname::text ORDER BY tgname) FILTER (WHERE tgenabled = 'A') AS triggers
         FROM tracked_tables LEFT JOIN pg_trigger ON tgrelid = to_regclass(table_name) AND tgname LIKE 'log\\_%'
        WHERE type IS NOT NULL GROUP BY 1 ORDER BY 1`,
    );
    expect(found.length).toBeGreaterThan(20);
    const triggers = ['log_delete', 'log_insert', 'log_truncate', 'log_update'];
    expect(found).toEqual(found.map(({ name }) => ({ name, triggers })));
  });

  it('that is tracked has the columns its reads are narrowed by', async () => {
    const missing = await rows(
      `SELECT table_name, narrowing FROM tracked_tables, unnest(narrowings) AS narrowing
        WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(table_name)
                             AND attname = split_part(narrowing, ':', 1) AND attnum > 0 AND NOT attisdropped)`,
    );
    expect(missing).toEqual([]);
  });

  it('that has an id can be narrowed by it', async () => {
    const { tables } = await loadTrackedTables(owner);
    expect(tables.get('tickets')?.narrowings.slice(0, 2)).toEqual([
      { column: 'id', kind: 'uuid', prefix: 'E:ticket:' },
      { column: 'site_id', kind: 'uuid', prefix: 'P:ticket:site_id=' },
    ]);
    expect(tables.get('tickets')?.narrowings.at(-1)).toEqual({
      column: 'created_at',
      kind: 'month of instant',
      prefix: 'P:ticket:created_at:month=',
    });
    expect(tables.get('person_roles')?.narrowings.map(({ column }) => column)).toEqual(['person_id', 'role_id']);
    expect(tables.get('audit_log')).toBeNull();
  });
});

describe('functions that read tables', () => {
  it('are known, but for those that Postgres itself knows to read none', async () => {
    const { functions } = await loadTrackedTables(owner);
    expect([...functions]).toEqual(expect.arrayContaining(['search_people', 'search_tickets']));
    expect([...functions]).not.toEqual(expect.arrayContaining(['current_tenant']));
    expect([...functions].filter((name) => /^(similarity|word_similarity|gin_)/.test(name))).toEqual([]);
  });
});

describe('a table of a later version', () => {
  const tenant = newId();
  afterAll(() => owner.query('DROP TABLE parts, widgets; DELETE FROM tracked_tables WHERE table_name = $$widgets$$'));
  beforeAll(async () => {
    await owner.query(`INSERT INTO tenants (id, slug, name) VALUES ($1, 'acme', 'Acme')`, [tenant]);
    await owner.query(`CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
    await owner.query(
      `CREATE TABLE widgets (tenant_id uuid NOT NULL, id uuid NOT NULL,
         place uuid, size numeric, made date, kind text COLLATE any_case);
       CREATE TABLE parts (LIKE widgets)`,
    );
  });

  it('is tracked with one line, and with another one by more of its columns', async () => {
    const insert = (id: string, place: string) =>
      logged(owner, [tenant], () =>
        owner.query(`INSERT INTO widgets (tenant_id, id, place, made) VALUES ($1, $2, $3, '2026-11-20')`, [
          tenant,
          id,
          place,
        ]),
      );
    const [id, place] = [newId(), newId()];
    await owner.query(`SELECT track_changes('widgets', 'widget')`);
    expect(await insert(id, place)).toEqual({ [tenant]: [`E:widget:${id}`, 'L:widget'] });
    await owner.query(`SELECT track_changes('widgets', 'widget', '{place,made:month}')`);
    expect(await insert(id, place)).toEqual({
      [tenant]: [`E:widget:${id}`, 'L:widget', 'P:widget:made:month=2026-11', `P:widget:place=${place}`],
    });
    // Nodes that have not been restarted yet would go on reading by what is not logged any more.
    await expect(owner.query(`SELECT track_changes('widgets', 'widget', '{place}')`)).rejects.toThrow(/still narrow/);
  });

  it.each(['nothing', 'size', 'made', 'place:month', 'kind', 'size:month', 'made:year'])(
    'cannot be narrowed by %s: a value must have one text, which reads can write too',
    async (narrowing) => {
      await expect(owner.query(`SELECT track_changes('parts', 'part', ARRAY[$1])`, [narrowing])).rejects.toThrow(
        /cannot be narrowed/,
      );
    },
  );
});

/** Tables and views of the schema that nobody has declared. */
async function undeclared(): Promise<string[]> {
  const found = await rows(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
        AND relname NOT IN (SELECT table_name FROM tracked_tables) ORDER BY 1`,
  );
  return found.map(({ name }) => String(name));
}

async function rows(statement: string): Promise<Record<string, unknown>[]> {
  return (await owner.query<Record<string, unknown>>(statement)).rows;
}
