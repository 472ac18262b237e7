import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedDatabase } from '../src/db/embedded.ts';
import { migrate } from '../src/db/migrate.ts';
import { createPool } from '../src/db/pool.ts';
import { newId } from '../src/ids.ts';

// What the change log costs those who write: the same writes with its triggers on and off, in turns, on one Postgres.
// npm run bench:change-capture [rounds, 9] [milliseconds of each, 700]
const [rounds = 9, roundMs = 700] = process.argv.slice(2).map(Number);
const tenantCount = 8;
const ticketsPerTenant = 1_000;
const target = 0.85;

interface Load {
  name: string;
  /** Connections that write at once. */
  clients: number;
  /** Whether they all write to the same tenant, whose log they then wait for. */
  sharedTenant?: boolean;
  /** Rows that one statement writes. */
  rows: number;
  write: (client: pg.Client, ticketIds: readonly string[], tenantId: string) => Promise<unknown>;
}

const update = (client: pg.Client, ids: readonly string[]) =>
  client.query({
    name: 'update',
    text: `UPDATE tickets SET priority = $2, version = version + 1 WHERE id = ANY ($1)`,
    values: [ids, anyOf(['LOW', 'HIGH'])],
  });

/** What a mutation does: look, change, tell the history, note the audit, commit. */
async function mutate(client: pg.Client, [id = '']: readonly string[], tenantId: string): Promise<void> {
  await client.query('BEGIN');
  await client.query('SELECT * FROM tickets WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [tenantId, id]);
  await client.query('UPDATE tickets SET priority = $3, version = version + 1 WHERE tenant_id = $1 AND id = $2', [
    tenantId,
    id,
    anyOf(['LOW', 'HIGH']),
  ]);
  await client.query(`INSERT INTO ticket_events (tenant_id, id, ticket_id, kind) VALUES ($1, $2, $3, 'PRIORITIZED')`, [
    tenantId,
    newId(),
    id,
  ]);
  await client.query(`INSERT INTO audit_log (tenant_id, id, action) VALUES ($1, $2, 'updateTicket')`, [
    tenantId,
    newId(),
  ]);
  await client.query('COMMIT');
}

const importRows = 2_000;
const bulkImport = (client: pg.Client, _ids: readonly string[], tenantId: string) =>
  client.query(
    `INSERT INTO ticket_events (tenant_id, id, ticket_id, kind, occurred_at)
     SELECT tenant_id, gen_random_uuid(), id, 'UPDATED', now() FROM tickets, generate_series(1, $2) WHERE tenant_id = $1`,
    [tenantId, importRows / ticketsPerTenant],
  );

const loads: readonly Load[] = [
  { name: 'one row, one client', clients: 1, rows: 1, write: update },
  { name: 'one row, 8 clients, a tenant each', clients: 8, rows: 1, write: update },
  { name: 'one row, 8 clients, one tenant', clients: 8, sharedTenant: true, rows: 1, write: update },
  { name: 'a mutation of four statements', clients: 1, rows: 1, write: mutate },
  { name: 'a mutation, 8 clients, one tenant', clients: 8, sharedTenant: true, rows: 1, write: mutate },
  { name: '10 rows, one client', clients: 1, rows: 10, write: update },
  { name: '300 rows, one client', clients: 1, rows: 300, write: update },
  { name: `import of ${importRows} rows a statement`, clients: 1, rows: importRows, write: bulkImport },
];

const anyOf = <Item>(items: readonly Item[]): Item => items[Math.floor(Math.random() * items.length)] as Item;

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'freshfield-bench-'));
  await chmod(dataDir, 0o755); // as root, Postgres runs as another user
  const database = await startEmbeddedDatabase({ dataDir });
  const owner = createPool({
    connectionString: database.connectionString,
    role: null,
    max: 2,
    statementTimeoutMs: 0,
    onError: () => {},
  });
  try {
    await migrate(owner);
    const tenants = await fill(owner);
    console.log(
      `Writes per second with the change log, as a share of the same without; median of ${rounds} interleaved rounds.`,
    );
    for (const load of loads) {
      const { ratio, spread, perSecond, cpu } = await compare(load, { owner, url: database.connectionString, tenants });
      const mark = ratio >= target ? ' ' : '!';
      console.log(
        `${mark} ${load.name.padEnd(38)} ${ratio.toFixed(2)}  (${spread.map((one) => one.toFixed(2)).join('–')}; ${Math.round(perSecond)}/s without; CPU of Postgres ${cpu.toFixed(2)})`,
      );
    }
    console.log(`Target: ${target} for mutations.`);
  } finally {
    await owner.end();
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
    await rm(database.dataDir, { recursive: true, force: true });
  }
}

interface Tenant {
  id: string;
  ticketIds: readonly string[];
}

async function fill(owner: pg.Pool): Promise<Tenant[]> {
  return Promise.all(
    Array.from({ length: tenantCount }, async (_, index) => {
      const id = newId();
      const ticketIds = Array.from({ length: ticketsPerTenant }, () => newId());
      await owner.query(`INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'x')`, [id, `bench-${index}`]);
      await owner.query(`INSERT INTO sites (tenant_id, id, name, code) VALUES ($1, $2, 'x', 'X')`, [id, newId()]);
      await owner.query(
        `INSERT INTO tickets (tenant_id, id, number, title, site_id)
         SELECT $1, ticket, number, 'Printer', (SELECT id FROM sites WHERE tenant_id = $1)
           FROM unnest($2::uuid[]) WITH ORDINALITY AS t (ticket, number)`,
        [id, ticketIds],
      );
      return { id, ticketIds };
    }),
  );
}

type Mode = 'on' | 'off';

interface Speed {
  perSecond: number;
  /** Postgres' CPU for each write, in milliseconds. */
  cpuMs: number;
}

const still: Speed = { perSecond: 0, cpuMs: 0 };

interface Surroundings {
  owner: pg.Pool;
  url: string;
  tenants: readonly Tenant[];
}

async function compare(load: Load, surroundings: Surroundings) {
  const clients = await Promise.all(
    Array.from({ length: load.clients }, async () => {
      const client = new pg.Client({ connectionString: surroundings.url });
      await client.connect();
      return client;
    }),
  );
  const measured: Record<Mode, Speed>[] = [];
  for (let round = -1; round < rounds; round += 1) {
    const speed = { on: still, off: still };
    for (const mode of round % 2 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
      await switchTriggers(surroundings.owner, mode);
      speed[mode] = await measure(load, clients, surroundings.tenants);
    }
    if (round >= 0) measured.push(speed); // the first one only warms up
  }
  await Promise.all(clients.map((client) => client.end()));
  const ratios = sorted(measured.map(({ on, off }) => on.perSecond / off.perSecond));
  return {
    ratio: median(ratios),
    spread: [ratios[Math.floor(rounds / 4)] ?? 0, ratios[Math.ceil((3 * rounds) / 4) - 1] ?? 0],
    perSecond: median(sorted(measured.map(({ off }) => off.perSecond))),
    cpu: median(sorted(measured.map(({ on, off }) => off.cpuMs / on.cpuMs))),
  };
}

/** Both sides begin with tables that hold no dead rows of the other. */
async function switchTriggers(owner: pg.Pool, mode: 'on' | 'off'): Promise<void> {
  for (const table of ['tickets', 'ticket_events']) {
    for (const event of ['insert', 'update', 'delete']) {
      await owner.query(`ALTER TABLE ${table} ${mode === 'on' ? 'ENABLE ALWAYS' : 'DISABLE'} TRIGGER log_${event}`);
    }
  }
  await owner.query('TRUNCATE ticket_events, change_log, change_log_tags');
  await owner.query('VACUUM tickets');
  await owner.query('CHECKPOINT');
}

async function measure(
  { rows, sharedTenant, write }: Load,
  clients: readonly pg.Client[],
  tenants: readonly Tenant[],
): Promise<Speed> {
  const cpuBefore = await cpuMsOf(clients);
  const startedAt = performance.now();
  let written = 0;
  await Promise.all(
    clients.map(async (client, index) => {
      const { id = '', ticketIds = [] } = tenants[sharedTenant ? 0 : index] ?? {};
      // Rows of their own: clients are to wait for the log, if for anything.
      const own = ticketIds.filter((_, place) => place % clients.length === index);
      while (performance.now() - startedAt < roundMs) {
        const from = Math.floor(Math.random() * Math.max(1, own.length - rows));
        await write(client, own.slice(from, from + rows), id);
        written += 1;
      }
    }),
  );
  const perSecond = (written * 1_000) / (performance.now() - startedAt);
  return { perSecond, cpuMs: ((await cpuMsOf(clients)) - cpuBefore) / written };
}

/** What the connections have cost Postgres so far, in milliseconds of CPU; NaN where the system does not tell. */
async function cpuMsOf(clients: readonly pg.Client[]): Promise<number> {
  const costs = clients.map(async (client) => {
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    const text = await readFile(`/proc/${rows[0].pid}/schedstat`, 'utf8').catch(() => 'unknown');
    return Number(text.split(' ', 1)[0]) / 1e6;
  });
  return (await Promise.all(costs)).reduce((sum, cost) => sum + cost, 0);
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other);
}

function median(ordered: readonly number[]): number {
  return ordered[Math.floor(ordered.length / 2)] ?? 0;
}

await main();
