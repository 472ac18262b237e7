import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** The wire between server and database: it can be cut, torn, or go silent. */
export interface Line {
  url: string;
  break(fault: 'refuses' | 'resets' | 'is silent'): void;
  mend(): void;
  /** Leads to another database from now on; what is connected is cut. */
  moveTo(database: URL): void;
  close(): Promise<void>;
}

export async function openLine(database: URL): Promise<Line> {
  let target = database;
  let fault: string | null = null;
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    if (fault === 'refuses') {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('data', (data) => fault !== 'is silent' && other.write(data));
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  const url = new URL(database.href);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    break(kind) {
      fault = kind;
      if (kind === 'is silent') return;
      for (const socket of sockets) {
        if (kind === 'resets') socket.resetAndDestroy();
        else socket.destroy();
      }
      if (kind === 'resets') fault = 'refuses';
    },
    mend() {
      if (fault === 'is silent') for (const socket of sockets) socket.destroy(); // what was lost stays lost
      fault = null;
    },
    moveTo(other) {
      target = other;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => void server.close(done));
    },
  };
}
