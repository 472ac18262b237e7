import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../../test/support/built-server.ts';
import { freePort } from '../../test/support/free-port.ts';

const root = join(import.meta.dirname, '../..');

/** A server in a process of its own. */
export interface Side {
  /** The address that operations are posted to. */
  readonly url: string;
  /** CPU time that its process has used so far, in microseconds. */
  cpuMicros(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts a script of this folder that tells its port once it listens. */
export async function startScript(name: string, variables: Record<string, string>): Promise<Side> {
  const child = forked(join(import.meta.dirname, name), variables);
  const { port } = await nextMessage<{ port: number }>(child);
  return sideOf(child, `http://127.0.0.1:${port}/graphql`);
}

/** Starts the built server. */
export async function startServer(variables: Record<string, string>): Promise<Side> {
  const port = await freePort();
  const child = forked(join(root, 'dist/main.js'), { PORT: String(port), NODE_ENV: 'production', ...variables });
  const base = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error('The server ended.');
    const ready = await fetch(`${base}/health/ready`).catch(() => null);
    return ready?.ok ?? false;
  });
  return sideOf(child, `${base}/graphql`);
}

function forked(script: string, variables: Record<string, string>): ChildProcess {
  return fork(script, [], {
    env: { PATH: process.env['PATH'], ...variables },
    execArgv: ['--import', join(import.meta.dirname, 'tell-cpu.mjs')],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
}

function sideOf(child: ChildProcess, url: string): Side {
  return {
    url,
    async cpuMicros() {
      child.send('cpu');
      return (await nextMessage<{ cpuMicros: number }>(child)).cpuMicros;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

async function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('The server ended.')));
    const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message as Message;
  } finally {
    waiting.abort();
  }
}
