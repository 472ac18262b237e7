import { spawn } from 'node:child_process';
import { access, chown, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../errors.ts';
import type { Binaries } from './binaries.ts';
import type { Home } from './home.ts';
import { isGone } from './postmaster.ts';
import { readSecret, secretFile } from './secret-file.ts';

export const superuser = 'freshfield';

/** Makes the data directory where there is none yet. Answers the password of the superuser. */
export async function initialise(home: Home, binaries: Binaries, durable: boolean): Promise<string> {
  if (await exists(home.cluster)) {
    const password = await readSecret(home.passwordFile);
    if (password) return password;
    throw new AppError(
      'CONFLICT',
      `The database in ${home.folder} has lost its password: ${home.passwordFile} is missing. ` +
        'Put it back, or remove the folder to begin with an empty database.',
    );
  }
  const password = await secretFile(home.passwordFile);
  await own(home, home.passwordFile);
  await removeLeftovers(home);

  // Made beside and moved into place: a start that is killed half-way leaves no half database.
  const draft = await mkdtemp(`${home.cluster}.new-${process.pid}-`);
  await own(home, draft);
  await initdb(home, binaries, [`--pgdata=${draft}`, ...(durable ? [] : ['--no-sync'])]).catch(async (error) => {
    await rm(draft, { recursive: true, force: true });
    throw error;
  });
  await rename(draft, home.cluster).catch(() => rm(draft, { recursive: true, force: true })); // another was first
  return password;
}

/** Sorting is by code point and the same everywhere; what is a letter comes from the system, as far as it knows. */
async function initdb(home: Home, binaries: Binaries, args: string[]): Promise<void> {
  let reason = '';
  for (const letters of ['C.UTF-8', 'en_US.UTF-8', 'C']) {
    const { status, output } = await runInitdb(home, binaries, [
      ...args,
      `--username=${superuser}`,
      `--pwfile=${home.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      `--lc-ctype=${letters}`,
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ]);
    if (status === 0) return;
    reason = output;
    if (!/locale/.test(output)) break;
  }
  throw new AppError('SERVICE_UNAVAILABLE', `The database in ${home.folder} could not be made:\n${reason.trim()}`);
}

function runInitdb(home: Home, binaries: Binaries, args: string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(binaries.initdb, args, {
    ...home.account,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true, // an interrupt from the terminal is ours to handle
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ status: null, output: error.message }));
    child.once('close', (status) => resolve({ status, output }));
  });
}

async function removeLeftovers(home: Home): Promise<void> {
  for (const name of await readdir(home.folder)) {
    const pid = Number(/^postgres\.new-(\d+)-/.exec(name)?.[1]);
    if (pid && (await isGone(pid, 0))) await rm(join(home.folder, name), { recursive: true, force: true });
  }
}

async function own({ account }: Home, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
