import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp, type App } from '../../src/app/create-app.ts';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/db/embedded.ts';
import { findBinaries } from '../../src/db/embedded/binaries.ts';
import { findHome } from '../../src/db/embedded/home.ts';
import { migrate } from '../../src/db/migrate.ts';
import { createPool } from '../../src/db/pool.ts';
import { createTenantSession } from '../../src/db/session.ts';
import { signToken } from '../../src/http/tokens.ts';
import { newId, type PersonId, type TenantId } from '../../src/ids.ts';
import { createTenant } from '../../src/modules/tenant/create-tenant.ts';
import { askGraphql, type Answer } from '../support/ask-graphql.ts';
import { createDataFolder, removeDataFolder } from '../support/built-server.ts';
import { openLine, type Line } from '../support/database-line.ts';
import { freePort } from '../support/free-port.ts';
import { testTokens } from '../support/world.ts';

// A node that stays up while the files of its database are put back as they were: it is asked nothing meanwhile.
const [tenantId, adminId] = [newId() as TenantId, newId() as PersonId];

let dataDir: string;
let database: EmbeddedDatabase;
let line: Line;
let node: App;
let send: (query: string) => Promise<Answer<any>>;
let ask: () => Promise<{ names: string[]; status: string }>;

const start = async () => (database = await startEmbeddedDatabase({ dataDir, durable: false }));

/** As somebody with psql, who does not pass the node. */
async function psql(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  dataDir = await createDataFolder();
  await start();
  const owner = createPool({ connectionString: database.connectionString, role: null, max: 2, onError: () => {} });
  await migrate(owner);
  const session = createTenantSession({ pool: owner, tenantId });
  const roles = await createTenant(owner, session, {
    id: tenantId,
    slug: 'acme',
    name: 'Acme',
    timeZone: 'Europe/Rome',
  });
  await session.close();
  await owner.query(
    `INSERT INTO people (tenant_id, id, name, email, username) VALUES ($1, $2, 'Ada', 'ada@acme.test', 'ada')`,
    [tenantId, adminId],
  );
  await owner.query(`INSERT INTO person_roles (tenant_id, person_id, role_id) VALUES ($1, $2, $3)`, [
    tenantId,
    adminId,
    roles.get('admin'),
  ]);
  await owner.query(`INSERT INTO teams (tenant_id, id, name) VALUES ($1, $2, 'Before')`, [tenantId, newId()]);
  await owner.end();

  // Postgres has another port each time it starts; the node goes on with the one it knows.
  line = await openLine(new URL(database.connectionString));
  node = createApp({ databaseUrl: line.url, tokens: testTokens });
  const baseUrl = await node.listen(0);
  const token = await signToken({ tenantId, personId: adminId }, testTokens, '1h');
  send = (query) => askGraphql(baseUrl)(token, query);
  ask = async () => {
    const { data, headers } = await send('{ teams { name } }');
    const status = headers.get('cache-status')?.includes('hit') ? 'hit' : 'miss';
    return { names: data.teams.map(({ name }: { name: string }) => name), status };
  };
}, 120_000);
afterAll(async () => {
  await node.close();
  await line.close();
  await database.stop();
  await removeDataFolder(dataDir);
});

/** Stops Postgres, does this with its files, and starts it again. */
async function restart(meanwhile: (files: string) => Promise<void> = async () => {}): Promise<void> {
  await database.stop();
  await meanwhile(join(database.dataDir, 'postgres'));
  await start();
  line.moveTo(new URL(database.connectionString));
}

it('serves nothing of what was undone, though the log has gone past where it was', { timeout: 120_000 }, async () => {
  expect(await ask()).toMatchObject({ names: ['Before'], status: 'miss' });
  expect(await ask()).toMatchObject({ names: ['Before'], status: 'hit' });

  // A plain restart costs what was cached, and no more.
  await restart(async (files) => void (await promisify(execFile)('cp', ['-a', files, `${files}.copy`])));
  expect(await ask()).toMatchObject({ names: ['Before'], status: 'miss' });
  expect(await ask()).toMatchObject({ names: ['Before'], status: 'hit' });

  await psql(`UPDATE teams SET name = 'After'`);
  expect(await ask()).toMatchObject({ names: ['After'], status: 'miss' });
  expect(await ask()).toMatchObject({ names: ['After'], status: 'hit' });

  await restart(async (files) => {
    await rm(files, { recursive: true });
    await rename(`${files}.copy`, files);
  });
  // Other changes take the numbers that the lost ones had: by them alone nothing seems to be missing.
  for (let count = 0; count < 5; count += 1) await psql(`UPDATE people SET name = 'Ada ${count}'`);
  expect((await ask()).names).toEqual(['Before']);
});

/** What was the primary, until another one took over: it answers, and knows nothing of what is changed from then on. */
async function whileStandby(work: () => Promise<void>): Promise<void> {
  await database.stop();
  const home = await findHome(dataDir);
  const signal = join(home.cluster, 'standby.signal');
  await writeFile(signal, '');
  if (home.account) await chown(signal, home.account.uid, home.account.gid);
  const url = new URL(database.connectionString);
  url.port = String(await freePort());
  const settings = [`port=${url.port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  const { postgres } = await findBinaries(home);
  const standby = spawn(postgres, ['-D', home.cluster, ...settings.flatMap((setting) => ['-c', setting])], {
    ...home.account,
    cwd: '/',
    stdio: 'ignore',
  });
  try {
    await expect.poll(() => canConnect(url), { timeout: 20_000 }).toBe(true);
    line.moveTo(url);
    await work();
  } finally {
    standby.kill('SIGINT');
    await once(standby, 'exit');
    await rm(signal);
    await start();
    line.moveTo(new URL(database.connectionString));
  }
}

async function canConnect({ href }: URL): Promise<boolean> {
  const client = new pg.Client({ connectionString: href });
  try {
    await client.connect();
    return (await client.query('SELECT pg_is_in_recovery() AS yes')).rows[0].yes;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

it('believes no standby that stands where the primary was', { timeout: 120_000 }, async () => {
  const query = '{ teams { id } }';
  const { data } = await send(query);
  await whileStandby(async () => {
    const { status, errors } = await send(query);
    expect([status, errors?.[0]?.extensions?.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
  });
  expect((await send(query)).data).toEqual(data);
});
