import { randomBytes } from 'node:crypto';
import { chown, link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../errors.ts';
import { isRoot } from './account.ts';

/**
 * A random secret kept in a file that only its owner can read (0600), made by whoever asks first.
 * Linked into place, so that two processes that start together end up with the same one.
 */
export async function secretFile(path: string): Promise<string> {
  const kept = await readSecret(path);
  if (kept) return kept;
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, `${randomBytes(36).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
    await giveToFolderOwner(draft);
    await link(draft, path).catch(accept('EEXIST'));
  } catch (error) {
    throw fileError(error as NodeJS.ErrnoException, path);
  } finally {
    await rm(draft, { force: true });
  }
  return (await readSecret(path)) ?? '';
}

/** null: there is none yet. */
export async function readSecret(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8')
    .catch(accept('ENOENT'))
    .catch((error: NodeJS.ErrnoException) => {
      throw fileError(error, path);
    });
  return text?.trim() || null;
}

/** A start as root in somebody's folder must not lock them out of it. */
async function giveToFolderOwner(path: string): Promise<void> {
  if (!isRoot()) return;
  const { uid, gid } = await stat(dirname(path));
  await chown(path, uid, gid);
}

function fileError(error: NodeJS.ErrnoException, path: string): AppError {
  const reason =
    error.code === 'EACCES' || error.code === 'EPERM' ? 'this user may not read or write it' : error.message;
  return new AppError('FORBIDDEN', `The file ${path} cannot be used: ${reason}. Choose another folder with DATA_DIR.`, {
    cause: error,
  });
}

function accept(expected: string) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== expected) throw error;
  };
}
