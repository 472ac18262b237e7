import type { Logger } from 'pino';
import type pg from 'pg';
import { migrate, migrationStatus } from '../db/migrate.ts';
import { createPool } from '../db/pool.ts';
import { verifyApplicationRole } from '../db/verify-role.ts';
import { AppError } from '../errors.ts';
import { createGraphiql } from '../http/graphiql/serve-graphiql.ts';
import { startForgetting } from '../jobs/forget-old.ts';
import { seedDemo } from '../seed/seed-demo.ts';
import type { Config } from './config.ts';
import { createApp } from './create-app.ts';
import { demoTokens, type DemoToken } from './demo-tokens.ts';
import { openDatabase } from './open-database.ts';
import { createRedisStore } from './redis-store.ts';
import { tokenOptions } from './token-options.ts';

export interface StartOptions {
  config: Config;
  logger: Logger;
  /** Told how to undo each step as it is taken, so that a stop works at any moment. */
  onUndo: (undo: () => Promise<void>) => void;
}

export interface Started {
  /** `http://localhost:4000` */
  address: string;
  /** Where the data lives. */
  place: string;
  /** Of the demo tenants; in development only. */
  demoTokens: DemoToken[];
}

/** Opens the database, brings it up to date, and serves. */
export async function start({ config, logger, onUndo }: StartOptions): Promise<Started> {
  const tokens = await tokenOptions(config);
  const opening = openDatabase(config, {
    alone: true,
    onCrash: () => logger.error('The embedded database died; starting it again'),
  });
  onUndo(async () => (await opening.catch(() => null))?.close());
  const { connectionString, place } = await opening;
  // Of the embedded one only: its password lies beside its data, while that of DATABASE_URL is nobody else's to know.
  if (!config.databaseUrl) logger.debug({ psql: `psql "${connectionString}"` }, 'The database is open');

  const operator = createPool({ connectionString, role: null, max: 2, statementTimeoutMs: 0, onError: () => {} });
  try {
    await bringUpToDate(operator, config, logger);
    let people: DemoToken[] = []; // GraphiQL offers them only where this server made the demo in a database of its own
    const graphiql = createGraphiql({ demoPeople: () => people });
    const { development } = config;
    const redis = config.cache.redisUrl ? createRedisStore(config.cache.redisUrl) : null;
    onUndo(async () => redis?.close());
    const app = createApp({
      databaseUrl: connectionString,
      replicaUrl: config.replicaUrl ?? undefined,
      cache: { ...config.cache, store: redis?.store },
      tokens,
      logger,
      development,
      persistedOperations: config.persistedOperations,
      cacheReport: config.cacheReport,
      servePage: development ? graphiql : undefined,
    });
    onUndo(() => app.close());
    await verifyApplicationRole(app.pool);
    const address = await app.listen(config.port).catch((error: unknown) => {
      throw listenError(error, config.port);
    });
    onUndo(startForgetting({ pool: app.pool, logger }));
    const wanted = config.development && config.seedDemo && tokens.secret;
    const made = wanted ? await demoTokens({ operator, pool: app.pool, tokens }) : [];
    if (!config.databaseUrl) people = made;
    return { address, place, demoTokens: made };
  } finally {
    await operator.end();
  }
}

async function bringUpToDate(operator: pg.Pool, config: Config, logger: Logger): Promise<void> {
  if (config.migrateOnStart) {
    const applied = await migrate(operator);
    if (applied.length > 0) logger.info({ migrations: applied }, 'Migrated the database');
  } else {
    await refusePending(operator);
  }
  if (!config.seedDemo) return;
  const seeded = await seedDemo({ operator, now: new Date() });
  for (const { slug, counts } of seeded) logger.info({ tenant: slug, ...counts }, 'Seeded a demo tenant');
}

async function refusePending(operator: pg.Pool): Promise<void> {
  const pending = (await migrationStatus(operator)).filter(({ appliedAt }) => appliedAt === null);
  if (pending.length === 0) return;
  const names = pending.map(({ name }) => name).join(', ');
  throw new AppError(
    'CONFLICT',
    `The database lacks ${names}. Run \`npx freshfield migrate\`, or set MIGRATE_ON_START=on.`,
  );
}

function listenError(error: unknown, port: number): unknown {
  const reason = {
    EADDRINUSE: 'is in use by another program',
    EACCES: 'may not be opened by this user',
  }[(error as NodeJS.ErrnoException).code ?? ''];
  if (!reason) return error;
  const other = port < 65_535 ? port + 1 : port - 1;
  return new AppError('CONFLICT', `Port ${port} ${reason}. Choose another: PORT=${other} npm start`, { cause: error });
}
