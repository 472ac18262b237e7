import { randomBytes } from 'node:crypto';
import { chown, link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRoot } from './account.ts';

/**
 * A random secret kept in a file that only its owner can read (0600), made by whoever asks first.
 * Linked into place, so that two processes that start together end up with the same one.
 */
export async function secretFile(path: string): Promise<string> {
  const kept = await readSecret(path);
  if (kept) return kept;
  const draft = `${path}.${process.pid}-${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${randomBytes(36).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  try {
    await giveToFolderOwner(draft);
    await link(draft, path).catch(ignore('EEXIST'));
  } finally {
    await rm(draft, { force: true });
  }
  return (await readSecret(path)) ?? '';
}

/** null: there is none yet. */
export async function readSecret(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch(ignore('ENOENT'));
  return text?.trim() || null;
}

/** A start as root in somebody's folder must not lock them out of it. */
async function giveToFolderOwner(path: string): Promise<void> {
  if (!isRoot()) return;
  const { uid, gid } = await stat(dirname(path));
  await chown(path, uid, gid);
}

function ignore(expected: string) {
  return (error: NodeJS.ErrnoException): undefined => {
    if (error.code !== expected) throw error;
  };
}
