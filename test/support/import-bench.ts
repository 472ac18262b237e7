import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applicationRole, createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { newId, type TenantId } from '../../src/ids.ts';
import { importLog, type ImportOptions, type ImportSummary } from '../../src/import/import-log.ts';
import { openRejects } from '../../src/import/rejects.ts';
import { createTenant } from '../../src/modules/tenant/create-tenant.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { readLog } from './helpdesk-log.ts';

export interface Bench {
  database: TestDatabase;
  /** For files of the test; removed with the bench. */
  folder: string;
  addTenant(slug: string, timeZone?: string): Promise<BenchTenant>;
  close(): Promise<void>;
}

export interface BenchTenant {
  id: TenantId;
  slug: string;
  /** Loads a file, or a text as a file. */
  load(source: { file: string } | { text: string | Buffer }, options?: Partial<ImportOptions>): Promise<Loaded>;
  /** Rows of a query in which `$1` is the tenant's id; as the owner of the tables. */
  rows<Row extends object = any>(query: string): Promise<Row[]>;
  /** Everything the import wrote, by names instead of ids: two that are alike were loaded alike. */
  contents(): Promise<unknown>;
}

export interface Loaded extends ImportSummary {
  /** Line number and reason of each reject. */
  rejects: { line: number; reason: string; row: string }[];
}

/** A database of its own and tenants to import into. */
export async function createBench(): Promise<Bench> {
  const database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'freshfield-import-'));
  const pool = createPool({ connectionString: database.url, role: applicationRole, max: 4, onError: () => {} });
  return {
    database,
    folder,
    async addTenant(slug, timeZone = 'Europe/Rome') {
      const id = newId() as TenantId;
      const creating = createTenantSession({ pool, tenantId: id });
      await createTenant(database.owner, creating, { id, slug, name: slug, timeZone });
      const rows: BenchTenant['rows'] = async (query) => (await database.owner.query(query, [id])).rows;
      return {
        id,
        slug,
        rows,
        async load(source, options) {
          const file = 'file' in source ? source.file : join(folder, `${newId()}.csv`);
          if ('text' in source) writeFileSync(file, source.text);
          const rejectsFile = join(folder, `${newId()}.rejects.csv`);
          const rejects = openRejects(rejectsFile);
          const session = createTenantSession({ pool, tenantId: id });
          try {
            const summary = await importLog({ file, session, tenant: { slug, timeZone }, rejects, ...options });
            rejects.close();
            return { ...summary, rejects: existsSync(rejectsFile) ? readRejects(rejectsFile) : [] };
          } finally {
            await session.close();
          }
        },
        contents: async () => Object.fromEntries(await Promise.all(contentQueries(rows))),
      };
    },
    async close() {
      await pool.end();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readRejects(file: string) {
  return (readLog(file) as unknown as { line: string; reason: string; row: string }[]).map((reject) => ({
    ...reject,
    line: Number(reject.line),
  }));
}

/** Versions and numbers tell the order of loading, and uuids are random: they are left out. */
const contentQueriesByName = {
  tickets: `select t.external_ref, t.title, t.status, t.priority, t.source, c.key as category, s.code as site,
      k.external_ref as customer, a.external_ref as assignee, w.name as team, t.due_at, t.resolved_at, t.closed_at,
      t.created_at, t.updated_at, t.reporter_id, t.asset_id, t.description
    from tickets t left join choices c on c.id = t.category_id left join sites s on s.id = t.site_id
      left join customers k on k.id = t.customer_id left join people a on a.id = t.assignee_id
      left join teams w on w.id = t.team_id
    where t.tenant_id = $1 order by t.external_ref`,
  events: `select e.external_ref, t.external_ref as ticket, e.kind, p.external_ref as actor, e.detail, e.occurred_at
    from ticket_events e join tickets t on t.id = e.ticket_id left join people p on p.id = e.actor_id
    where e.tenant_id = $1 order by e.external_ref`,
  people: `select p.external_ref, p.name, p.email, p.username, array_agg(distinct r.key) as roles,
      array_agg(distinct t.name order by t.name) as teams, array_agg(distinct s.code order by s.code) as sites
    from people p join person_roles pr on pr.person_id = p.id join roles r on r.id = pr.role_id
      join team_members tm on tm.person_id = p.id join teams t on t.id = tm.team_id
      join person_sites ps on ps.person_id = p.id join sites s on s.id = ps.site_id
    where p.tenant_id = $1 group by p.id, p.external_ref, p.name, p.email, p.username order by p.external_ref`,
  customers: 'select external_ref, name from customers where tenant_id = $1 order by 1',
  choices: 'select kind, key, label from choices where tenant_id = $1 order by 1, 2',
  sites: 'select code, name from sites where tenant_id = $1 order by 1',
  teams: 'select name from teams where tenant_id = $1 order by 1',
  numbers: `select count(*)::int as tickets, min(number) as first, max(number) as last,
      (select last from ticket_numbers where tenant_id = $1) as counter
    from tickets where tenant_id = $1`,
};

function contentQueries(rows: BenchTenant['rows']) {
  return Object.entries(contentQueriesByName).map(async ([name, query]) => [name, await rows(query)] as const);
}
