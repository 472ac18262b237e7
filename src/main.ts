import { ConfigError, parseConfig } from './app/config.ts';
import { greeting } from './app/greeting.ts';
import { createLogger } from './app/logger.ts';
import { start } from './app/start.ts';
import { AppError } from './errors.ts';

/** npm passes an interrupt on that the terminal has sent to us as well: those two are one. */
const sameSignalMs = 500;

const undos: (() => Promise<void>)[] = [];
let stoppingSince: number | null = null;
let logger = createLogger({ level: 'info' });

process.once('uncaughtException', fail);
process.once('unhandledRejection', fail);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => onSignal(signal));

try {
  const config = parseConfig();
  logger = createLogger({ level: config.logLevel });
  const started = await start({ config, logger, onUndo: (undo) => undos.push(undo) });
  logger.info({ address: started.address, database: started.place }, 'Serving');
  if (config.development) process.stdout.write(greeting(started));
} catch (error) {
  fail(error);
}

function onSignal(signal: NodeJS.Signals): void {
  if (stoppingSince === null) {
    logger.info({ signal }, 'Stopping: finishing what runs');
    void stop(0);
  } else if (Date.now() - stoppingSince > sameSignalMs) {
    process.exit(1); // asked twice: at once
  }
}

/** What we expect to go wrong is told in one sentence; anything else is a bug, and its stack is wanted. */
function fail(error: unknown): void {
  if (stoppingSince !== null) return; // it went wrong because the ground is being taken away
  if (error instanceof AppError || error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else logger.fatal({ err: error }, 'Stopping: something went wrong that nobody expected');
  void stop(1);
}

/** Undoes the steps of the start, the last one first. */
async function stop(status: number): Promise<void> {
  stoppingSince = Date.now();
  let exitStatus = status;
  for (const undo of undos.toReversed()) {
    await undo().catch((error: unknown) => {
      logger.error({ err: error }, 'A part did not stop as it should');
      exitStatus = 1;
    });
  }
  if (status === 0) logger.info('Stopped');
  process.exit(exitStatus);
}
