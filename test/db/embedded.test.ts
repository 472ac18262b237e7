import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  shareEmbeddedDatabase,
  startEmbeddedDatabase,
  type EmbeddedDatabase,
  type EmbeddedOptions,
} from '../../src/db/embedded.ts';
import { DataFolderInUseError } from '../../src/db/embedded/postmaster.ts';
import { createDataFolder, removeDataFolder, until } from '../support/built-server.ts';

let dataDir: string;
const open: EmbeddedDatabase[] = [];

beforeEach(async () => void (dataDir = await createDataFolder()));
afterEach(async () => {
  for (const database of open.splice(0)) await database.stop();
  await removeDataFolder(dataDir);
});

async function start(options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedDatabase> {
  const database = await startEmbeddedDatabase({ dataDir, durable: false, ...options });
  open.push(database);
  return database;
}

async function query(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const pidFile = () => join(dataDir, 'postgres/postmaster.pid');
const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('the embedded database', { timeout: 60_000 }, () => {
  it('answers this machine only, asks for its password, and keeps its files to itself', async () => {
    const { connectionString } = await start();
    const [settings] = await query(
      connectionString,
      `SELECT current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets,
              current_setting('server_encoding') AS encoding, lower('È') AS lower, 'a' < 'B' AS dictionary`,
    );
    expect(settings).toEqual({ addresses: '127.0.0.1', sockets: '', encoding: 'UTF8', lower: 'è', dictionary: false });
    expect(await mode(join(dataDir, 'postgres'))).toBe('700');
    expect(await mode(join(dataDir, 'postgres-password'))).toBe('600');
    const stranger = new URL(connectionString);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
  });

  it('is made once when two processes start at the same time; the other is told who has it', async () => {
    const both = await Promise.allSettled([start(), start()]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: expect.any(DataFolderInUseError),
    });
    expect(await query(open[0]?.connectionString ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is joined by a command while it runs, and outlives the command', async () => {
    const server = await start();
    const command = await shareEmbeddedDatabase({ dataDir });
    expect(command.connectionString).toBe(server.connectionString);
    await command.stop();
    expect(await query(server.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts although its lock file names a process that is another by now', async () => {
    const first = await start();
    const lock = await readFile(pidFile(), 'utf8');
    await first.stop();
    await writeFile(pidFile(), lock.replace(/^\d+/, '1')); // 1 is always somebody
    const second = await start();
    expect(await query(second.connectionString, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('comes back on the same address when it dies, and says that it died', async () => {
    let crashes = 0;
    const { connectionString } = await start({ onCrash: () => (crashes += 1) });
    await query(connectionString, 'CREATE TABLE kept AS SELECT 1 AS one');
    process.kill(Number((await readFile(pidFile(), 'utf8')).split('\n')[0]), 'SIGKILL');
    await until(() => crashes === 1);
    await until(() =>
      query(connectionString, 'SELECT 1').then(
        () => true,
        () => false,
      ),
    );
    expect(await query(connectionString, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
  });

  it('says which file is missing when its password is lost', async () => {
    await (await start()).stop();
    await rename(join(dataDir, 'postgres-password'), join(dataDir, 'lost'));
    await expect(start()).rejects.toThrow(/postgres-password is missing/);
  });
});
