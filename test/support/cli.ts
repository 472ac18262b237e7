import { spawn, type ChildProcess } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface CliOptions {
  /** Variables besides PATH; nothing of the tests' own environment reaches the command. */
  env?: Record<string, string>;
  /** Where it runs. @default the repository */
  cwd?: string;
  /** For node itself. */
  nodeArgs?: string[];
}

export interface CliResult {
  /** null: it was killed. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `freshfield` as a process of its own, from the sources. */
export async function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).finished;
}

export function startCli(
  args: string[],
  { env = {}, cwd = root, nodeArgs = [] }: CliOptions = {},
): { process: ChildProcess; finished: Promise<CliResult> } {
  const child = spawn(
    process.execPath,
    [...nodeArgs, '--import', import.meta.resolve('tsx'), `${root}src/cli/main.ts`, ...args],
    { cwd, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status));
  });
  const finished = Promise.all([ended, text(child.stdout), text(child.stderr)]).then(([status, stdout, stderr]) => ({
    status,
    stdout,
    stderr,
  }));
  return { process: child, finished };
}
