import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { freePort } from '../../support/free-port.ts';
import { eventually, within } from './bounded.ts';
import type { Answer } from './workload.ts';

/** One server process. Its address stays the same when it is started again. */
export interface ClusterNode {
  readonly name: string;
  readonly isAlive: boolean;
  /** Counts its deaths: a request that saw one may have failed because of it. */
  readonly deaths: number;
  /** The end of what it wrote to its log. */
  readonly said: string;
  ask(body: string, headers: Record<string, string>): Promise<Reply>;
  /** With -9. */
  kill(): Promise<void>;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface Reply {
  readonly status: number;
  readonly cacheToken: string | undefined;
  readonly answer: Answer;
}

export interface Cluster {
  readonly nodes: readonly ClusterNode[];
  stop(): Promise<void>;
}

export interface ClusterOptions {
  size: number;
  /** Arguments of node. */
  command: readonly string[];
  variables: Record<string, string>;
  /** Answers 200 as soon as requests may be sent. */
  readyPath: string;
}

/** Longer than any fault, and than a busy machine takes. */
export const requestTimeoutMs = 30_000;
/** For a server to be ready; the first may have a database to bring up to date. */
const startPatienceMs = 30_000;
const probeTimeoutMs = 2_000;
/** For the system to take away what was killed. */
const killPatienceMs = 10_000;
/** More than are ever asked at once: a question that waits here would be older than it says. */
const maxSockets = 512;
/** A server closes a connection that was idle for five seconds, perhaps just as the next request is sent on it. */
const idleConnectionMs = 2_000;

/** So many servers, all of them ready; where one does not get ready, none of them stays. */
export async function startCluster({ size, ...options }: ClusterOptions): Promise<Cluster> {
  const nodes = await Promise.all(Array.from({ length: size }, (_, index) => createNode(`node ${index + 1}`, options)));
  const stop = async () => void (await Promise.all(nodes.map((node) => node.kill())));
  try {
    await nodes[0]?.start(); // the first alone: it may have a database to bring up to date
    await Promise.all(nodes.slice(1).map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return { nodes, stop };
}

async function createNode(name: string, options: Omit<ClusterOptions, 'size'>): Promise<ClusterNode> {
  const { command, variables, readyPath } = options;
  const port = await freePort();
  const agent = new Agent({ keepAlive: true, maxSockets, timeout: idleConnectionMs });
  let server: ChildProcess | null = null;
  let said = '';
  let isAlive = false;
  let deaths = 0;

  const isReady = () =>
    fetch(`http://127.0.0.1:${port}${readyPath}`, { signal: AbortSignal.timeout(probeTimeoutMs) }).then(
      ({ ok }) => ok,
      () => false,
    );
  return {
    name,
    get isAlive() {
      return isAlive;
    },
    get deaths() {
      return deaths;
    },
    get said() {
      return said;
    },
    ask: (body, headers) => ask({ port, agent, body, headers }),
    async kill() {
      isAlive = false;
      deaths += 1;
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await within(gone, killPatienceMs, () => `${name} was killed, and has not ended within ${killPatienceMs} ms.`);
    },
    async start() {
      const env = { PATH: process.env.PATH ?? '', PORT: String(port), ...variables };
      const started = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      server = started;
      said = '';
      const hear = (text: Buffer) => (said = `${said}${text.toString()}`.slice(-4_000));
      started.stdout.on('data', hear);
      started.stderr.on('data', hear);
      const isOver = () => started.exitCode !== null || started.signalCode !== null;
      await eventually(
        async () => isOver() || (await isReady()),
        startPatienceMs,
        () => `${name} was not ready within ${startPatienceMs} ms. It said: ${said || 'nothing'}`,
      );
      if (isOver()) throw new Error(`${name} ended instead of getting ready. It said: ${said || 'nothing'}`);
      isAlive = true;
    },
    pause: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
  };
}

interface Sent {
  port: number;
  agent: Agent;
  body: string;
  headers: Record<string, string>;
}

async function ask(sent: Sent): Promise<Reply> {
  const { response, text } = await send(sent);
  const cacheToken = response.headers['x-cache-token'];
  const answer = JSON.parse(text) as Answer;
  return { status: response.statusCode ?? 0, cacheToken: cacheToken?.toString(), answer };
}

function send({ port, agent, body, headers }: Sent): Promise<{ response: IncomingMessage; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        port,
        host: '127.0.0.1',
        path: '/graphql',
        method: 'POST',
        agent,
        timeout: requestTimeoutMs,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.once('error', reject);
        response.once('end', () => resolve({ response, text }));
      },
    );
    asked.once('timeout', () => asked.destroy(new Error(`No answer within ${requestTimeoutMs} ms.`)));
    asked.once('error', reject);
    asked.end(body);
  });
}
