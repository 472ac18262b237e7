import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { AppError } from '../../errors.ts';

/** The user that Postgres runs as. It refuses to run as root. */
export interface Account {
  uid: number;
  gid: number;
}

const run = promisify(execFile);
const name = 'postgres';

/** null: we are an ordinary user, and Postgres runs as ourselves. */
export async function postgresAccount(): Promise<Account | null> {
  if (!isRoot()) return null;
  return (await findAccount()) ?? createAccount();
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Whether the account may enter a folder: asked of the system itself, which knows about ACLs and mounts. */
export async function canEnter(account: Account | null, folder: string): Promise<boolean> {
  const child = spawn('/bin/sh', ['-c', 'cd -- "$1" 2>/dev/null', 'sh', folder], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new AppError(
          'FORBIDDEN',
          `Postgres does not run as root, and this root may not act as another user: ${error.message}. ${wayOut}`,
        ),
      );
    });
    child.once('exit', (status) => resolve(status === 0));
  });
}

async function findAccount(): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}

async function createAccount(): Promise<Account> {
  const home = ['--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin'];
  try {
    await run('useradd', ['--system', '--user-group', ...home, name]);
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    const reason = code === 'ENOENT' ? 'there is no useradd here' : (stderr || message).trim();
    throw new AppError(
      'FORBIDDEN',
      `Postgres does not run as root, and a user "${name}" to run it could not be made: ${reason}. ${wayOut}`,
    );
  }
  const account = await findAccount();
  if (!account) throw new AppError('FORBIDDEN', `The user "${name}" was made but cannot be found. ${wayOut}`);
  return account;
}

const wayOut = `Start Freshfield as an ordinary user, add a user "${name}", or set DATABASE_URL.`;
