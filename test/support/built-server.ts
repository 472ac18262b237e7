import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');
const entry = join(root, 'dist/main.js');
const command = join(root, 'dist/cli/main.js');

export interface BuiltServer {
  readonly process: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Resolves with the base address once it serves; fails with what it said if it exits before. */
  readonly address: Promise<string>;
  /** The exit status; null after a signal that it did not handle. */
  readonly exited: Promise<number | null>;
}

export type Variables = Record<string, string>;

/** What every server here starts with: a port of its own, and no demo unless the test is about it. */
const quiet: Variables = { PORT: '0', SEED_DEMO: 'off' };

/** Runs dist/main.js as a child process with these variables and no others. */
export function startBuiltServer(variables: Variables): BuiltServer {
  const child = spawn(process.execPath, [entry], { env: { PATH: process.env.PATH ?? '', ...quiet, ...variables } });
  const output = { stdout: '', stderr: '' };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const exited = once(child, 'close').then(([status]) => status as number | null);
  const address = new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      const serving = /"address":"([^"]+)"[^\n]*"msg":"Serving"/.exec(output.stdout);
      if (serving) resolve(serving[1] ?? '');
    });
    void exited.then((status) => reject(new Error(`It exited with ${status}: ${output.stdout}${output.stderr}`)));
  });
  address.catch(() => {}); // a test that expects the exit looks at that instead
  return { process: child, output, address, exited };
}

/** Runs the command line to its end. */
export function runCommand(args: string[], variables: Variables) {
  const env = { PATH: process.env.PATH ?? '', ...variables };
  return spawnSync(process.execPath, [command, ...args], { env, encoding: 'utf8' });
}

/** Builds when a source is newer than what was built. */
export function ensureBuilt(): void {
  const built = existsSync(command) ? statSync(entry).mtimeMs : 0;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const newest = Math.max(...sources.map((path) => statSync(join(root, 'src', path)).mtimeMs));
  if (newest <= built) return;
  const { status, stdout, stderr } = spawnSync('npm', ['run', 'build', '--silent'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build failed:\n${stdout}${stderr}`);
}

/** A folder for data that Postgres' user may enter, under the system's temporary one. */
export async function createDataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'freshfield-data-'));
  await chmod(folder, 0o711);
  return folder;
}

export async function removeDataFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Polls until it holds. */
export async function until(holds: () => boolean | Promise<boolean>, patienceMs = 15_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`It did not come to hold: ${holds.toString()}`);
    await delay(25);
  }
}

/** A zombie does not run: it only waits to be collected. */
export function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}
