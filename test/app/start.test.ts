import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createDataFolder,
  ensureBuilt,
  isRunning,
  removeDataFolder,
  runCommand,
  startBuiltServer,
  until,
  type BuiltServer,
  type Variables,
} from '../support/built-server.ts';

/** One data folder for the whole file: each test leaves it as a stopped server does. */
let dataDir: string;
const servers: BuiltServer[] = [];

beforeAll(async () => {
  ensureBuilt();
  dataDir = await createDataFolder();
}, 120_000);
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.process.kill('SIGKILL');
    await server.exited;
  }
});
afterAll(async () => {
  const server = serve(); // stops the Postgres of a killed one
  await server.address;
  server.process.kill('SIGTERM');
  await server.exited;
  await removeDataFolder(dataDir);
});

function serve(variables: Variables = {}): BuiltServer {
  const server = startBuiltServer({ DATA_DIR: dataDir, ...variables });
  servers.push(server);
  return server;
}

describe('a start', { timeout: 60_000 }, () => {
  it('seeds two tenants, prints a token for each demo role, and keeps everything for the next start', async () => {
    const first = serve({ SEED_DEMO: 'on' });
    const tokens = tokensIn(await greeted(first));
    expect([...tokens.keys()]).toEqual([
      ...['admin', 'manager', 'agent', 'member'].map((role) => `${role}@acme.test`),
      ...['admin', 'manager', 'agent', 'member'].map((role) => `${role}@globex.test`),
    ]);
    for (const [email, token] of tokens) expect(await emailOfViewer(first, token)).toBe(email);
    expect(first.output.stdout).toContain(`The data lives in ${dataDir}`);
    await stop(first);

    const second = serve({ SEED_DEMO: 'on' });
    for (const [email, token] of tokens) expect(await emailOfViewer(second, token)).toBe(email);
    expect(second.output.stdout).not.toContain('Seeded');
    await stop(second);
  });

  it('prints no tokens in production', async () => {
    const server = serve({ NODE_ENV: 'production', JWT_SECRET: 's'.repeat(32), SEED_DEMO: 'on' });
    await server.address;
    await stop(server);
    expect(server.output.stdout).not.toMatch(/eyJ|@acme\.test/);
  });

  it('goes on after a kill: the Postgres left behind is stopped, the data is there', async () => {
    const killed = serve();
    await killed.address;
    const orphan = await postmasterPid();
    killed.process.kill('SIGKILL');
    await killed.exited;
    expect(isRunning(orphan)).toBe(true);

    const next = serve();
    await next.address;
    expect(await postmasterPid()).not.toBe(orphan);
    expect(isRunning(orphan)).toBe(false);
    await stop(next);
  });

  it('survives the death of its Postgres without a restart', async () => {
    const server = serve();
    const address = await server.address;
    const dead = await postmasterPid();
    process.kill(dead, 'SIGKILL');
    await until(async () => (await postmasterPid().catch(() => dead)) !== dead);
    await until(async () => (await fetch(`${address}/health/ready`)).status === 200);
    await stop(server);
  });
});

describe('a stop', { timeout: 60_000 }, () => {
  it('lets a running request finish, takes no new ones, and stops Postgres', async () => {
    const server = serve({ SEED_DEMO: 'on' });
    const token = tokensIn(await greeted(server)).get('admin@acme.test') ?? '';
    const address = await server.address;
    const postgres = await postmasterPid();
    const blocker = await connect();
    await blocker.query('BEGIN; LOCK TABLE sites IN ACCESS EXCLUSIVE MODE');
    const slow = ask(address, token, '{ sites { name } }');
    await until(async () => (await waiting(blocker)) > 0);

    server.process.kill('SIGTERM');
    await until(() =>
      fetch(`${address}/health/live`).then(
        () => false,
        () => true,
      ),
    );
    await blocker.query('ROLLBACK');
    expect((await slow).data.sites.length).toBeGreaterThan(0);
    expect(await server.exited).toBe(0);
    expect(isRunning(postgres)).toBe(false);
    await blocker.end().catch(() => {});
  });

  it('is not waited for when it is asked for twice', async () => {
    const server = serve({ SEED_DEMO: 'on' });
    const token = tokensIn(await greeted(server)).get('admin@acme.test') ?? '';
    const blocker = await connect();
    await blocker.query('BEGIN; LOCK TABLE sites IN ACCESS EXCLUSIVE MODE');
    const cut = ask(await server.address, token, '{ sites { name } }').catch(() => 'cut');
    await until(async () => (await waiting(blocker)) > 0);
    server.process.kill('SIGINT');
    await delay(600); // a second signal at once is the terminal's and npm's, and counts as the first
    server.process.kill('SIGINT');
    expect(await server.exited).toBe(1);
    expect(await cut).toBe('cut');
    await blocker.end().catch(() => {});
  });
});

describe('a command', { timeout: 60_000 }, () => {
  const tokenOf = (email: string) =>
    runCommand(['token', '--tenant', 'acme', '--person', email], { DATA_DIR: dataDir });

  it('works beside a running server, on its database', async () => {
    const server = serve({ SEED_DEMO: 'on' });
    await server.address;
    const { status, stdout } = tokenOf('admin@acme.test');
    expect(status).toBe(0);
    expect(await emailOfViewer(server, stdout.trim())).toBe('admin@acme.test');
    await stop(server);
  });

  it('starts the database for as long as it runs where no server does', async () => {
    const server = serve({ SEED_DEMO: 'on' });
    await server.address;
    await stop(server);
    expect(tokenOf('admin@acme.test').status).toBe(0);
    await expect(postmasterPid()).rejects.toThrow('ENOENT');
  });
});

async function stop(server: BuiltServer): Promise<void> {
  server.process.kill('SIGTERM');
  expect(await server.exited).toBe(0);
}

/** What it has printed once its greeting is out. */
async function greeted(server: BuiltServer): Promise<string> {
  await server.address;
  await until(() => server.output.stdout.endsWith('\n\n'));
  return server.output.stdout;
}

function tokensIn(output: string): Map<string, string> {
  return new Map(
    [...output.matchAll(/^(\S+@\S+\.test)\n(eyJ\S+)$/gm)].map(([, email = '', token = '']) => [email, token]),
  );
}

async function ask(address: string, token: string, query: string): Promise<{ data: any }> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as { data: any };
}

async function emailOfViewer(server: BuiltServer, token: string): Promise<string> {
  const { data } = await ask(await server.address, token, '{ viewer { person { email } } }');
  return data.viewer.person.email;
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** As an operator with psql would: the port and the password are in the data folder. */
async function connect(): Promise<pg.Client> {
  const port = Number((await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[3]);
  const password = (await readFile(join(dataDir, 'postgres-password'), 'utf8')).trim();
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'freshfield', password, database: 'freshfield' });
  client.on('error', () => {}); // the server stops while it is connected
  await client.connect();
  return client;
}

async function waiting(client: pg.Client): Promise<number> {
  await client.query('SELECT pg_stat_clear_snapshot()'); // within a transaction, activity is read once and kept
  const { rowCount } = await client.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
  return rowCount ?? 0;
}
