import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what Linux and macOS give to outgoing connections: none of those takes it while its server is down. */
const [first, last] = [15_000, 32_000];
const attempts = 50;

/** A TCP port of 127.0.0.1 that nobody listens at, for a server that is to come back at the same address. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${attempts} ports between ${first} and ${last} was free.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
