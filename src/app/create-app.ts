import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import { applicationRole, createPool } from '../db/pool.ts';
import { buildSchema } from '../graphql/schema.ts';
import { createTokenVerifier, type TokenOptions } from '../http/tokens.ts';
import { createGraphqlServer } from '../http/yoga.ts';
import '../modules/index.ts';
import { loadViewer } from '../modules/people/load-viewer.ts';

export interface AppOptions {
  databaseUrl: string;
  tokens: TokenOptions;
  /** The clock. @default the system's */
  now?: () => Date;
}

export interface App {
  readonly pool: pg.Pool;
  readonly server: Server;
  /** Starts listening; answers the base address, `http://localhost:4000`. */
  listen(port: number): Promise<string>;
  /** Stops accepting, drains what runs, gives every connection back. */
  close(): Promise<void>;
}

/** All wiring, in one place; main, the commands and the tests start from here. */
export function createApp({ databaseUrl, tokens, now = () => new Date() }: AppOptions): App {
  const pool = createPool({ connectionString: databaseUrl, role: applicationRole, onError: () => {} });
  const yoga = createGraphqlServer({
    schema: buildSchema(),
    pool,
    verifyToken: createTokenVerifier(tokens),
    loadViewer,
    now,
  });
  // oxlint-disable-next-line typescript/no-misused-promises -- Yoga answers its own failures
  const server = createServer(yoga);
  return {
    pool,
    server,
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, () => {
          server.off('error', reject);
          resolve(`http://localhost:${(server.address() as AddressInfo).port}`);
        });
      }),
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}
