import { mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/db/embedded.ts';
import {
  createDataFolder,
  ensureBuilt,
  removeDataFolder,
  startBuiltServer,
  until,
  type BuiltServer,
  type Variables,
} from '../support/built-server.ts';

const secret = { JWT_SECRET: 'long enough for a secret, surely so' };

/** A Postgres as somebody else would run it, for DATABASE_URL. */
let remote: EmbeddedDatabase;
let folder: string;

beforeAll(async () => {
  ensureBuilt();
  folder = await createDataFolder();
  remote = await startEmbeddedDatabase({ dataDir: join(folder, 'remote'), durable: false });
}, 120_000);
afterAll(async () => {
  await remote.stop();
  await removeDataFolder(folder);
});

/** Starts and expects the start to fail: status 1, and these words on standard error, without a stack. */
async function refusal(variables: Variables): Promise<string> {
  const server = startBuiltServer(variables);
  expect(await server.exited).toBe(1);
  expect(server.output.stdout + server.output.stderr).not.toMatch(/^\s+at |"stack"/m);
  return server.output.stderr;
}

async function asRemote(statement: string, url = remote.connectionString): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function newDatabase(name: string): Promise<string> {
  await asRemote(`CREATE DATABASE ${name}`);
  const url = new URL(remote.connectionString);
  url.pathname = `/${name}`;
  return url.href;
}

async function stop(server: BuiltServer): Promise<void> {
  server.process.kill('SIGTERM');
  expect(await server.exited).toBe(0);
}

describe('a start that cannot succeed says why in one message', { timeout: 60_000 }, () => {
  it('names the port that is in use and how to choose another, and leaves no database running', async () => {
    const other = createServer();
    await new Promise<void>((done) => void other.listen(0, done));
    const { port } = other.address() as AddressInfo;
    const dataDir = join(folder, 'port');
    expect(await refusal({ DATA_DIR: dataDir, PORT: String(port) })).toBe(
      `Port ${port} is in use by another program. Choose another: PORT=${port + 1} npm start\n`,
    );
    await expect(stat(join(dataDir, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');
    await new Promise((done) => void other.close(done));
  });

  it('names the process that has the data folder, and does it no harm', async () => {
    const dataDir = join(folder, 'shared');
    const first = startBuiltServer({ DATA_DIR: dataDir });
    const address = await first.address;
    expect(await refusal({ DATA_DIR: dataDir })).toBe(
      `The data folder ${dataDir}/postgres is in use by process ${first.process.pid}. ` +
        'Stop that process, or choose another folder with DATA_DIR.\n',
    );
    expect((await fetch(`${address}/health/ready`)).status).toBe(200);
    await stop(first);
  });

  it('lists every wrong variable at once', async () => {
    const said = await refusal({ PORT: 'http', SEED_DEMO: 'yes', LOG_LEVEL: 'loud', JWT_SECRET: 'short' });
    for (const name of ['PORT', 'SEED_DEMO', 'LOG_LEVEL', 'JWT_SECRET']) expect(said).toContain(`\n  ${name}: `);
    expect(said).not.toContain('short');
  });

  it.each([
    ['a port where nobody listens', 'postgres://me:geheim@127.0.0.1:1/desk', '127.0.0.1:1/desk', 'ECONNREFUSED'],
    ['a host that does not exist', 'postgres://me:geheim@nowhere.invalid/desk', 'nowhere.invalid:5432/desk', 'nowhere'],
  ])('names %s, never the password', async (_case, url, place, reason) => {
    const said = await refusal({ DATABASE_URL: url, ...secret });
    expect(said).toContain(`The database at ${place} cannot be used: `);
    expect(said).toContain(reason);
    expect(said).not.toContain('geheim');
  });

  it('names a user that the database does not know, never the password', async () => {
    const url = new URL(remote.connectionString);
    url.password = 'geheim';
    const said = await refusal({ DATABASE_URL: url.href, ...secret });
    expect(said).toContain('password authentication failed for user "freshfield"');
    expect(said).not.toContain('geheim');
  });

  it('will not serve a database that a newer version has migrated', async () => {
    const url = await newDatabase('ahead');
    const server = startBuiltServer({ DATABASE_URL: url, ...secret });
    await server.address;
    await stop(server);
    await asRemote(`INSERT INTO kysely_migration VALUES ('9999-from-the-future', now()::text)`, url);
    expect(await refusal({ DATABASE_URL: url, ...secret })).toContain('it has 9999-from-the-future');
  });

  it('will not serve a database that lacks migrations which it may not run', async () => {
    const url = await newDatabase('behind');
    const said = await refusal({ DATABASE_URL: url, MIGRATE_ON_START: 'off', ...secret });
    expect(said).toMatch(/The database lacks 0001-tenancy.*npx freshfield migrate/);
  });

  it('will not serve with a role that row-level security does not hold', async () => {
    const url = await newDatabase('unsafe');
    const server = startBuiltServer({ DATABASE_URL: url, ...secret });
    await server.address;
    await stop(server);
    await asRemote('ALTER ROLE freshfield_app BYPASSRLS');
    const bypass = await refusal({ DATABASE_URL: url, ...secret });
    await asRemote('ALTER ROLE freshfield_app NOBYPASSRLS SUPERUSER');
    const superuser = await refusal({ DATABASE_URL: url, ...secret });
    await asRemote('ALTER ROLE freshfield_app NOSUPERUSER');
    await asRemote('ALTER TABLE sites OWNER TO freshfield_app', url);
    const owner = await refusal({ DATABASE_URL: url, ...secret });
    expect([bypass, superuser, owner]).toEqual([
      expect.stringContaining('"freshfield_app", which has BYPASSRLS'),
      expect.stringContaining('"freshfield_app", which is a superuser'),
      expect.stringContaining('"freshfield_app", which owns 1 tables'),
    ]);
  });

  it('names the right that the database user lacks', async () => {
    const url = new URL(await newDatabase('poor'));
    await asRemote(`CREATE ROLE poor LOGIN PASSWORD 'poor'`);
    url.username = url.password = 'poor';
    const said = await refusal({ DATABASE_URL: url.href, ...secret });
    expect(said).toMatch(/permission denied/);
  });

  it('names a data folder that is a file', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(await refusal({ DATA_DIR: file })).toContain(`The data folder ${file} cannot be used: it is a file`);
  });

  it.skipIf(process.platform !== 'linux').each([
    ['cannot be made', '/proc/nope', 'The data folder /proc/nope cannot be used: '],
    ['lies below one that cannot be made', '/proc/nope/data', 'The data folder /proc/nope/data cannot be used: '],
    ['is there but takes no files', '/proc', 'The file /proc/'],
  ])('names a data folder that %s, with a secret of its own or not', async (_case, dataDir, words) => {
    for (const variables of [{}, secret]) {
      const said = await refusal({ DATA_DIR: dataDir, ...variables });
      expect(said.startsWith(words)).toBe(true);
      expect(said).toMatch(/^.+ Choose another( folder)? with DATA_DIR\.\n$/);
    }
  });
});

describe.runIf(process.getuid?.() === 0)('as root', { timeout: 60_000 }, () => {
  it('puts the data where Postgres may go when the folder asked for is closed to it, and says where', async () => {
    const closed = join(folder, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const dataDir = join(closed, 'project', '.data');
    const first = startBuiltServer({ DATA_DIR: dataDir });
    await first.address;
    await until(() => first.output.stdout.includes('The data lives in'));
    const place = /The data lives in (\S+) \(the user that runs Postgres may not enter (\S+)\)/.exec(
      first.output.stdout,
    );
    expect(place?.[1]).toMatch(/^\/var\/lib\/freshfield\/project-[0-9a-f]{8}$/);
    expect(place?.[2]).toBe(dataDir);
    await stop(first);

    const home = place?.[1] ?? '';
    expect(basename(home)).toContain('project-');
    const made = await stat(join(home, 'postgres'));
    expect(made.uid).not.toBe(0);
    const second = startBuiltServer({ DATA_DIR: dataDir });
    await second.address;
    expect(second.output.stdout).not.toContain('Migrated');
    await stop(second);
    await removeDataFolder(home);
  });
});
