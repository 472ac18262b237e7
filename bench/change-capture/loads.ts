import pg from 'pg';
import { createApp } from '../../src/app/create-app.ts';
import { createPool, applicationRole } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId } from '../../src/ids.ts';
import type { BenchTenant, Side } from './sides.ts';

export interface Load {
  readonly name: string;
  /** How many write at once. */
  readonly clients: number;
  /** Whether they all write to the same tenant, whose log they then wait for. @default a tenant each */
  readonly sharedTenant?: boolean;
  /** Whether those without the log also ask for nothing as they commit. @default they ask, and are told nothing */
  readonly peerOnlyCommits?: boolean;
  /** Rows that one statement writes. @default 1 */
  readonly rows?: number;
  open(side: Side, load: Load): Promise<Writers>;
}

export interface Writers {
  /** Writes once, as one of the clients. */
  readonly write: (client: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

const importRows = 2_000;

export const loads: readonly Load[] = [
  { name: 'a mutation over HTTP', clients: 1, open: overHttp },
  { name: 'a mutation over HTTP, 8 clients', clients: 8, open: overHttp },
  { name: 'a mutation', clients: 1, open: inSession },
  { name: 'a mutation, 8 clients', clients: 8, open: inSession },
  { name: 'a mutation, 8 clients, one tenant', clients: 8, sharedTenant: true, open: inSession },
  { name: 'a mutation, without: COMMIT alone', clients: 1, peerOnlyCommits: true, open: inSession },
  { name: 'the same, 8 clients', clients: 8, peerOnlyCommits: true, open: inSession },
  { name: 'UPDATE of 1 row', clients: 1, open: byStatement },
  { name: 'UPDATE of 1 row, 8 clients', clients: 8, open: byStatement },
  { name: 'UPDATE of 1 row, 8 clients, one tenant', clients: 8, sharedTenant: true, open: byStatement },
  { name: 'UPDATE of 10 rows', clients: 1, rows: 10, open: byStatement },
  { name: 'UPDATE of 300 rows', clients: 1, rows: 300, open: byStatement },
  { name: `import of ${importRows} rows a statement`, clients: 1, rows: importRows, open: byImport },
];

/** updateTicket, as a client of the API sends it. */
async function overHttp(side: Side, load: Load): Promise<Writers> {
  const tokens = {
    secret: 'a secret for the bench only, long enough for HS256',
    jwksUrl: null,
    issuer: null,
    audience: null,
  };
  const app = createApp({ databaseUrl: side.url, tokens });
  const baseUrl = await app.listen(0);
  const signed = await Promise.all(
    side.tenants.map(({ id, adminId }) => signToken({ tenantId: id, personId: adminId }, tokens, '1h')),
  );
  const { rows } = await side.owner.query<{ id: string; version: number }>('SELECT id, version FROM tickets');
  const versions = new Map(rows.map(({ id, version }) => [id, version]));
  return {
    async write(client) {
      const [id = ''] = own(side, load, client).ids;
      const before = versions.get(id) ?? 1;
      const input = { id: encodeGlobalId('Ticket', id), version: before, priority: before % 2 ? 'HIGH' : 'LOW' };
      const response = await fetch(`${baseUrl}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${signed[tenantOf(load, client)]}` },
        body: JSON.stringify({ query: updateTicket, variables: { input } }),
      });
      const { data, errors } = (await response.json()) as Answer;
      const after = data?.updateTicket.ticket?.version;
      if (after !== before + 1) throw new Error(`The ticket was not changed: ${JSON.stringify(errors ?? data)}`);
      versions.set(id, after);
    },
    close: () => app.close(),
  };
}

interface Answer {
  data?: { updateTicket: { ticket?: { version: number } } };
  errors?: unknown;
}

const updateTicket = `mutation ($input: UpdateTicketInput!) {
  updateTicket(input: $input) { ... on UpdateTicketPayload { ticket { version priority } } }
}`;

/** The transaction of such a mutation alone, without HTTP and GraphQL: look, change, tell the history, note the audit. */
async function inSession(side: Side, load: Load): Promise<Writers> {
  const pool = createPool({ connectionString: side.url, role: applicationRole, max: load.clients, onError: () => {} });
  if (load.peerOnlyCommits && !side.hasLog) pool.on('connect', commitPlainly);
  return {
    async write(client) {
      const { tenant, ids } = own(side, load, client);
      const [id = ''] = ids;
      const session = createTenantSession({ pool, tenantId: tenant.id, personId: tenant.adminId });
      await session.write(async (trx) => {
        const ticket = await trx.selectFrom('tickets').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
        const [priority, version] = [ticket?.priority === 'LOW' ? 'HIGH' : 'LOW', (ticket?.version ?? 0) + 1] as const;
        await trx.updateTable('tickets').set({ priority, version }).where('id', '=', id).execute();
        await trx.insertInto('ticket_events').values({ id: newId(), ticket_id: id, kind: 'PRIORITIZED' }).execute();
        await trx.insertInto('audit_log').values({ id: newId(), action: 'updateTicket' }).execute();
      });
      await session.close();
    },
    close: () => pool.end(),
  };
}

/** Without the log there would be nothing to seal and to ask for as a transaction commits. */
function commitPlainly(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...input: unknown[]) => Promise<unknown>;
  const plainly = async (text: unknown, ...values: unknown[]) => {
    if (typeof text !== 'string' || !text.startsWith('SET CONSTRAINTS')) return query(text, ...values);
    await query('COMMIT');
    return [];
  };
  client.query = plainly as typeof client.query;
}

/** One statement, which is a transaction of its own: what a script or somebody with psql sends. */
async function byStatement(side: Side, load: Load): Promise<Writers> {
  return withClients(side, load, async (client, tenant, ids) =>
    client.query({
      name: 'update',
      text: `UPDATE tickets SET priority = CASE priority WHEN 'LOW' THEN 'HIGH' ELSE 'LOW' END, version = version + 1
              WHERE tenant_id = $1 AND id = ANY ($2)`,
      values: [tenant.id, ids],
    }),
  );
}

async function byImport(side: Side, load: Load): Promise<Writers> {
  return withClients(side, load, async (client, { id, ticketIds }) =>
    client.query(
      `INSERT INTO ticket_events (tenant_id, id, ticket_id, kind, occurred_at)
       SELECT tenant_id, gen_random_uuid(), id, 'UPDATED', now() FROM tickets, generate_series(1, $2) WHERE tenant_id = $1`,
      [id, importRows / ticketIds.length],
    ),
  );
}

type Write = (client: pg.Client, tenant: BenchTenant, ids: readonly string[]) => Promise<unknown>;

async function withClients(side: Side, load: Load, write: Write): Promise<Writers> {
  const clients = Array.from({ length: load.clients }, () => new pg.Client({ connectionString: side.url }));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    async write(index) {
      const { tenant, ids } = own(side, load, index);
      const client = clients[index];
      if (client) await write(client, tenant, ids);
    },
    async close() {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

/** Rows that no other client writes: if for anything, they are to wait for the log. */
function own(side: Side, load: Load, client: number): { tenant: BenchTenant; ids: readonly string[] } {
  const tenant = side.tenants[tenantOf(load, client)];
  if (!tenant) throw new Error('There are not as many tenants as clients.');
  const share = Math.floor(tenant.ticketIds.length / load.clients);
  const rows = Math.min(load.rows ?? 1, share);
  const from = client * share + Math.floor(Math.random() * (share - rows + 1));
  return { tenant, ids: tenant.ticketIds.slice(from, from + rows) };
}

function tenantOf({ sharedTenant }: Load, client: number): number {
  return sharedTenant ? 0 : client;
}
