import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { AppError } from '../../errors.ts';

/** What `postmaster.pid` in the data directory says. */
export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** Another live process has the data folder. */
export class DataFolderInUseError extends AppError {
  constructor(cluster: string, pid: number) {
    super(
      'CONFLICT',
      `The data folder ${cluster} is in use by process ${pid}. Stop that process, or choose another folder with DATA_DIR.`,
    );
  }
}

/** How our own Postgres processes say on their command line who started them. */
export const ownerSetting = 'freshfield.owner';

const patienceMs = 30_000;
const pollMs = 50;

/** null: there is no such file, or it is not complete yet. */
export async function readPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = (await readFile(pidFile(cluster), 'utf8').catch(missing))?.split('\n') ?? [];
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return pid > 0 ? { pid, port, ready: lines[7]?.trim() === 'ready' } : null;
}

/** The Postgres that runs on a data directory and has a living owner; null where there is none. */
export async function findServed(cluster: string): Promise<Postmaster | null> {
  const deadline = Date.now() + patienceMs;
  while (Date.now() < deadline) {
    const postmaster = await readPostmaster(cluster);
    if (!postmaster || (await tenancyOf(postmaster.pid, cluster)).state !== 'owned') return null;
    if (postmaster.ready) return postmaster;
    await delay(pollMs); // it is on its way up or down
  }
  return null;
}

/**
 * Clears what a killed server left behind, so that Postgres can start: stops one that lost its owner, and
 * disarms a file that names a process which is something else by now. Fails when somebody lives there.
 */
export async function clearAbandoned(cluster: string): Promise<void> {
  const postmaster = await readPostmaster(cluster);
  if (!postmaster) return;
  const { state, holder } = await tenancyOf(postmaster.pid, cluster);
  switch (state) {
    case 'none':
      return disarm(cluster);
    case 'owned':
      throw new DataFolderInUseError(cluster, holder);
    case 'abandoned':
      process.kill(postmaster.pid, 'SIGINT');
      if (!(await isGone(postmaster.pid, patienceMs))) throw new DataFolderInUseError(cluster, postmaster.pid);
  }
}

/** Waits until a process is gone; false when it is still there after the time given. */
export async function isGone(pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (await describe(pid)) {
    if (Date.now() > deadline) return false;
    await delay(pollMs);
  }
  return true;
}

interface Tenancy {
  /** none: no Postgres has this data directory; abandoned: one has, but whoever started it is dead. */
  state: 'none' | 'owned' | 'abandoned';
  /** The process to stop. */
  holder: number;
}

/**
 * Whose a Postgres is shows in its parent: our server stays the parent of its Postgres while it lives, and
 * a dead one's child belongs to init. Neither a lock file nor a number that came round again can lie about that.
 */
async function tenancyOf(pid: number, cluster: string): Promise<Tenancy> {
  const found = await describe(pid);
  if (!found?.command.includes(`-D ${cluster} `)) return { state: 'none', holder: pid };
  const owner = Number(new RegExp(`${ownerSetting}=(\\d+)`).exec(found.command)?.[1] ?? 0);
  if (!owner) return { state: 'owned', holder: pid }; // somebody started it by hand
  return { state: owner === found.parent ? 'owned' : 'abandoned', holder: owner };
}

/** null: the process is gone, or a zombie that nobody has collected. */
async function describe(pid: number): Promise<{ parent: number; command: string } | null> {
  if (process.platform === 'linux') {
    const [stat, command] = await Promise.all(
      ['stat', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    if (!stat || !command) return null;
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { parent, command: `${command.replaceAll('\0', ' ')} ` };
  }
  const ps = await promisify(execFile)('ps', ['-ww', '-o', 'ppid=,command=', '-p', String(pid)]).catch(() => null);
  const [, parent, command] = /^\s*(\d+)\s+(.*)$/.exec(ps?.stdout.trim() ?? '') ?? [];
  return command === undefined ? null : { parent: Number(parent), command: `${command} ` };
}

/**
 * Postgres takes a lock file that names its own parent for stale, so ours goes in. The rest of the file stays:
 * with it Postgres still finds out about backends that outlived their postmaster.
 */
async function disarm(cluster: string): Promise<void> {
  const text = await readFile(pidFile(cluster), 'utf8');
  await writeFile(pidFile(cluster), text.replace(/^\d+/, String(process.pid)));
}

function pidFile(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}

function missing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
