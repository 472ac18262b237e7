import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, constants, open, readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import type { Home } from './home.ts';
import { clearAbandoned, DataFolderInUseError, ownerSetting, readPostmaster } from './postmaster.ts';

export interface RunOptions {
  home: Home;
  binaries: Binaries;
  /** Survives a power cut; off makes throw-away databases faster. */
  durable: boolean;
  /** Told when Postgres died without being asked to; it is being started again. */
  onCrash: () => void;
}

export interface RunningPostgres {
  readonly port: number;
  /** Ends every connection, writes everything down and stops. Safe to call twice. */
  stop(): Promise<void>;
}

const startAttempts = 5;
/** Waits before one start after another; the last one is repeated for as long as it takes. */
const restartDelaysMs = [200, 500, 1_000, 2_000, 5_000];
/** After this long a stop is made without writing everything down; the next start then replays the log. */
const stopPatienceMs = 20_000;
/** A crash this long after the last one begins a new series of restarts. */
const calmMs = 60_000;
const freshLog = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_APPEND;

/** Runs Postgres on a data directory until it is stopped, and starts it again if it dies. */
export async function runPostgres(options: RunOptions): Promise<RunningPostgres> {
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();
  let child = await startOnFreePort(options);
  const { port } = child;

  const watch = (startedAt: number, attempt: number) => {
    child.process.once('exit', () => {
      if (stopping) return;
      options.onCrash();
      restarting = restart(Date.now() - startedAt > calmMs ? 0 : attempt);
    });
  };
  const restart = async (attempt: number): Promise<void> => {
    await delay(restartDelaysMs[Math.min(attempt, restartDelaysMs.length - 1)]);
    if (stopping) return;
    const started = await launch(options, port).catch(() => null); // the log file tells why
    if (!started) return restart(attempt + 1);
    child = started;
    watch(Date.now(), attempt + 1);
  };
  watch(Date.now(), 0);

  return {
    port,
    async stop() {
      stopping = true;
      await restarting;
      await stop(child.process);
    },
  };
}

interface Launched {
  process: ChildProcess;
  port: number;
}

async function startOnFreePort(options: RunOptions): Promise<Launched> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch(options, await freePort());
    } catch (error) {
      const taken = error instanceof StartError && /could not (bind|create any TCP)/.test(error.log);
      if (!taken || attempt === startAttempts) throw error; // somebody took the port between asking and using
    }
  }
}

class StartError extends AppError {
  readonly log: string;

  constructor(home: Home, log: string) {
    const said = log.split('\n').filter((line) => /FATAL|PANIC|HINT|DETAIL|error/.test(line));
    super('SERVICE_UNAVAILABLE', `Postgres could not start on ${home.cluster}:\n${said.join('\n') || log.trim()}`);
    this.log = log;
  }
}

async function launch({ home, binaries, durable }: RunOptions, port: number): Promise<Launched> {
  await clearAbandoned(home.cluster);
  const log = await open(home.logFile, freshLog, 0o600);
  try {
    if (home.account) await chown(home.logFile, home.account.uid, home.account.gid);
    const child = spawn(binaries.postgres, ['-D', home.cluster, '-p', String(port), ...settings(durable)], {
      ...home.account,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', log.fd, log.fd], // a file: a pipe would break under Postgres when we are killed
      detached: true, // an interrupt from the terminal reaches us alone: we drain before Postgres goes
    });
    await waitUntilReady(child, home);
    return { process: child, port };
  } finally {
    await log.close();
  }
}

async function waitUntilReady(child: ChildProcess, home: Home): Promise<void> {
  let spawnError = '';
  child.once('error', ({ message }) => (spawnError = message));
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const postmaster = await readPostmaster(home.cluster);
    if (postmaster?.pid === child.pid && postmaster?.ready) return;
    await delay(25);
  }
  const log = (await readFile(home.logFile, 'utf8')) || spawnError;
  const other = /lock file "postmaster.pid" already exists[^]*PID (\d+)/.exec(log)?.[1];
  throw other ? new DataFolderInUseError(home.cluster, Number(other)) : new StartError(home, log);
}

/** Asks for a fast shutdown: open transactions are rolled back, and the state is written down. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  const hurry = setTimeout(() => child.kill('SIGQUIT'), stopPatienceMs);
  await gone;
  clearTimeout(hurry);
}

/** The log tells what happened to the server, never what anybody asked it. */
function settings(durable: boolean): string[] {
  const values: Record<string, string> = {
    [ownerSetting]: String(process.pid),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '100',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'log',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...(!durable && { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
