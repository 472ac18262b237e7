import { createHash } from 'node:crypto';
import { chmod, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../errors.ts';
import { canEnter, isRoot, postgresAccount, type Account } from './account.ts';

/** Where an embedded database lives, and as whom. */
export interface Home {
  /** Everything that belongs to it is in here. */
  folder: string;
  /** Postgres' own data directory. */
  cluster: string;
  passwordFile: string;
  logFile: string;
  /** null: Postgres runs as ourselves. */
  account: Account | null;
  /** It could not live in the folder that was asked for. */
  moved: boolean;
}

/** Where root's databases go when the folder asked for lies behind one that only root may enter. */
const movedRoot = '/var/lib/freshfield';

/**
 * Finds the home of a database, or makes the folder for a new one. A home once chosen is kept:
 * choosing anew because a mode has changed would greet the owner with an empty database.
 */
export async function findHome(dataDir: string): Promise<Home> {
  const asked = resolve(dataDir);
  await makeDataDir(asked);
  const here = await clusterOwner(asked);
  if (here) return homeAt(asked, isRoot() ? here : null, false);

  const account = await postgresAccount();
  if (!account) return homeAt(asked, null, false);
  const elsewhere = join(movedRoot, `${basename(dirname(asked))}-${shortHash(asked)}`);
  const moved = (await clusterOwner(elsewhere)) !== null || !(await canEnter(account, asked));
  if (moved) await makeFolder(elsewhere);
  return homeAt(moved ? elsewhere : asked, account, moved);
}

/** Makes the data folder. Of an ordinary user nobody else enters; root's must let Postgres' user pass through. */
export async function makeDataDir(dataDir: string): Promise<void> {
  await makeFolder(resolve(dataDir));
}

async function homeAt(folder: string, account: Account | null, moved: boolean): Promise<Home> {
  const enterable = await canEnter(account, folder);
  if (!enterable) {
    throw new AppError(
      'FORBIDDEN',
      `The database in ${folder} belongs to the user with id ${account?.uid}, who may not enter that folder any more. ` +
        `Let them pass (chmod o+x on it and the folders above), or move the folder and set DATA_DIR.`,
    );
  }
  return {
    folder,
    cluster: join(folder, 'postgres'),
    passwordFile: join(folder, 'postgres-password'),
    logFile: join(folder, 'postgres.log'),
    account,
    moved,
  };
}

async function clusterOwner(folder: string): Promise<Account | null> {
  const cluster = await stat(join(folder, 'postgres')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw folderError(error, folder);
  });
  if (cluster && isRoot() && cluster.uid === 0) {
    throw new AppError(
      'FORBIDDEN',
      `The database in ${folder} belongs to root, as whom Postgres does not run. ` +
        `Give it back to its user: chown -R postgres ${join(folder, 'postgres*')}`,
    );
  }
  if (cluster && !isRoot() && cluster.uid !== process.getuid?.()) {
    throw new AppError(
      'FORBIDDEN',
      `The database in ${folder} belongs to another user (id ${cluster.uid}). Start Freshfield as that user or as root, ` +
        'or choose another folder with DATA_DIR.',
    );
  }
  return cluster && { uid: cluster.uid, gid: cluster.gid };
}

async function makeFolder(folder: string): Promise<void> {
  const mode = isRoot() ? 0o711 : 0o700;
  try {
    const made = await makeWithParents(folder, mode);
    if (made) await chmod(folder, mode); // whatever the umask is
    if (made && folder.startsWith(movedRoot)) await chmod(movedRoot, 0o711);
  } catch (error) {
    throw folderError(error as NodeJS.ErrnoException, folder);
  }
}

/**
 * false: it was there. Not by mkdir's own `recursive`, which tries for ever where a folder exists and yet
 * answers ENOENT when something is to be made in it, as /proc does.
 */
async function makeWithParents(folder: string, mode: number): Promise<boolean> {
  try {
    return await makeOne(folder, mode);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeWithParents(dirname(folder), mode);
    return makeOne(folder, mode);
  }
}

/** false: it was there, whatever the error: a read-only disk may say so before it looks. */
async function makeOne(folder: string, mode: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode });
    return true;
  } catch (error) {
    const found = await stat(folder).catch(() => null);
    if (found?.isDirectory()) return false;
    throw error;
  }
}

function folderError(error: NodeJS.ErrnoException, folder: string): AppError {
  const reason =
    error.code === 'EEXIST' || error.code === 'ENOTDIR'
      ? 'it is a file, or below one'
      : error.code === 'EACCES' || error.code === 'EPERM'
        ? 'this user may not write there'
        : error.message;
  return new AppError(
    'FORBIDDEN',
    `The data folder ${folder} cannot be used: ${reason}. Choose another with DATA_DIR.`,
    {
      cause: error,
    },
  );
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
