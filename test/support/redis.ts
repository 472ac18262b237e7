import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { until } from './built-server.ts';
import { freePort } from './free-port.ts';

/** A Redis (or Valkey) server of the test's own, and what can befall it. Its address stays the same throughout. */
export interface TestRedis {
  readonly url: string;
  /** For looking into it: answers fail while the server is paused or down. */
  readonly client: Redis;
  /** It keeps its connections, and answers nothing. */
  pause(): void;
  resume(): void;
  /** At once, with -9. */
  kill(): Promise<void>;
  /** Starts it after a kill: empty, or with what `dump` saved. */
  start(from?: 'empty' | 'dump'): Promise<void>;
  /** Saves what it holds for a later start. */
  dump(): Promise<void>;
  /** Kills it for good, and removes its folder. */
  stop(): Promise<void>;
}

const patienceMs = 15_000;

/** `settings`: for its command line. */
export async function startTestRedis(settings: readonly string[] = []): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'freshfield-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    commandTimeout: 2_000,
    retryStrategy: () => 100,
  });
  client.on('error', () => {}); // of connections to a server that a test has killed
  let server: ChildProcess;

  const redis: TestRedis = {
    url,
    client,
    pause: () => void server.kill('SIGSTOP'),
    resume: () => void server.kill('SIGCONT'),
    async kill() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
    async start(from = 'empty') {
      if (from === 'dump') await copyFile(join(folder, 'saved.rdb'), join(folder, 'dump.rdb'));
      else await rm(join(folder, 'dump.rdb'), { force: true });
      const options = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'no',
        ...settings,
      ];
      server = spawn(program(), options, { stdio: 'ignore' });
      if (client.status === 'wait') await client.connect().catch(() => {});
      await until(async () => (await client.ping().catch(() => '')) === 'PONG', patienceMs).catch(() => {
        throw new Error(`${program()} was started and does not answer at ${url} within ${patienceMs} ms.`);
      });
    },
    async dump() {
      await client.save();
      await copyFile(join(folder, 'dump.rdb'), join(folder, 'saved.rdb'));
    },
    async stop() {
      client.disconnect();
      await redis.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}

/** `script/bootstrap` installs one of them where both are missing. */
function program(): string {
  const found = ['redis-server', 'valkey-server'].find((name) => !spawnSync(name, ['--version']).error);
  if (!found) throw new Error('Neither redis-server nor valkey-server is installed: run script/bootstrap.');
  return found;
}
