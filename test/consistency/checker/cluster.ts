import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { until } from '../../support/built-server.ts';
import type { Answer } from './workload.ts';

/** One server process. Its address stays the same when it is started again. */
export interface ClusterNode {
  readonly name: string;
  readonly isAlive: boolean;
  /** Counts its deaths: a request that saw one may have failed because of it. */
  readonly deaths: number;
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

const requestTimeoutMs = 30_000;
/** A server closes a connection that was idle for five seconds, perhaps just as the next request is sent on it. */
const idleConnectionMs = 2_000;

/** So many servers, all of them ready. */
export async function startCluster({ size, ...options }: ClusterOptions): Promise<Cluster> {
  const nodes = await Promise.all(Array.from({ length: size }, (_, index) => createNode(`node ${index + 1}`, options)));
  await nodes[0]?.start(); // the first alone: it may have a database to bring up to date
  await Promise.all(nodes.slice(1).map((node) => node.start()));
  return { nodes, stop: async () => void (await Promise.all(nodes.map((node) => node.kill()))) };
}

async function createNode(name: string, options: Omit<ClusterOptions, 'size'>): Promise<ClusterNode> {
  const { command, variables, readyPath } = options;
  const port = await freePort();
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: idleConnectionMs });
  let server: ChildProcess | null = null;
  let said = '';
  let isAlive = false;
  let deaths = 0;

  const isReady = () =>
    fetch(`http://127.0.0.1:${port}${readyPath}`).then(
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
    ask: (body, headers) => ask({ port, agent, body, headers }),
    async kill() {
      isAlive = false;
      deaths += 1;
      if (!server || server.exitCode !== null || server.signalCode !== null) return;
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    },
    async start() {
      const env = { PATH: process.env.PATH ?? '', PORT: String(port), ...variables };
      server = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const hear = (text: Buffer) => (said = `${said}${text.toString()}`.slice(-4_000));
      server.stdout?.on('data', hear);
      server.stderr?.on('data', hear);
      const exited = once(server, 'exit').then(() => Promise.reject(new Error('It has exited.')));
      await Promise.race([until(isReady, 30_000), exited]).catch((error: unknown) => {
        throw new Error(`${name} did not come up: ${said}`, { cause: error });
      });
      exited.catch(() => {}); // it is meant to die later
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
