import pg from 'pg';
import { AppError } from '../errors.ts';

/** The role every request runs as: it owns no table and is held to one tenant by row-level security. */
export const applicationRole = 'freshfield_app';

export interface PoolOptions {
  connectionString: string;
  /** Connections at most. @default 10 */
  max?: number;
  /** How long to wait for a connection before failing, in milliseconds. @default 3000 */
  connectTimeoutMs?: number;
  /** How long one statement may run before Postgres cancels it, in milliseconds. @default 15000 */
  statementTimeoutMs?: number;
  /**
   * How long to wait for a server that does not even cancel, one that went silent, in milliseconds.
   * @default statementTimeoutMs + 2000
   */
  silenceTimeoutMs?: number;
  /** Connections take this role as they open; null keeps the connecting one (migrations, operators). */
  role: string | null;
  /**
   * Refuse to work with a standby: one that stands where the primary was answers, but knows nothing of later changes.
   * Whoever becomes one ends its connections, so each is asked once. @default false
   */
  primaryOnly?: boolean;
  /** Told of connections that break while idle; the pool replaces them. */
  onError: (error: Error) => void;
}

/** Dates stay calendar dates (`2026-11-20`), counts are numbers: Postgres' own meanings, not the driver's. */
const parsers: Record<number, (text: string) => unknown> = {
  [pg.types.builtins.DATE]: (text) => text,
  [pg.types.builtins.INT8]: Number,
  [pg.types.builtins.NUMERIC]: Number,
};

export function createPool(options: PoolOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? 15_000;
  const startup = [
    options.role && `-c role=${options.role}`,
    `-c statement_timeout=${statementTimeoutMs}`,
    '-c TimeZone=UTC',
  ];
  const pool = new pg.Pool({
    connectionString: options.connectionString,
    max: options.max ?? 10,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 3_000,
    // Zero: statements may take for ever.
    query_timeout: options.silenceTimeoutMs ?? (statementTimeoutMs && statementTimeoutMs + 2_000),
    options: startup.filter(Boolean).join(' '),
    application_name: 'freshfield',
    ...(options.primaryOnly && { verify: refuseStandby }),
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') => parsers[oid] ?? pg.types.getTypeParser(oid, format),
    },
  });
  pool.on('error', options.onError);
  // A connection that breaks while a request holds it says so through its statements as well; without a listener
  // the event alone would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

function refuseStandby(client: pg.PoolClient, done: (error?: Error) => void): void {
  client.query<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby', [], (error, result) => {
    const message = 'The database is a standby, which may be behind. Try again in a moment.';
    const isStandby = !error && result.rows[0]?.standby;
    done(isStandby ? new AppError('SERVICE_UNAVAILABLE', message) : (error ?? undefined));
  });
}
