import { basename, resolve } from 'node:path';
import { statSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import { createTenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import { importLog, type ImportSummary } from '../import/import-log.ts';
import { isDay } from '../import/log-event.ts';
import { openRejects } from '../import/rejects.ts';
import { findTenant } from './find-tenant.ts';
import { withDatabase, type CommandDatabase } from './with-database.ts';

interface ImportFlags {
  tenant: string;
  until?: string;
  rejects?: string;
  json?: boolean;
}

export function importCommand(program: Command): void {
  program
    .command('import <csv>')
    .description('Load the event log of a help desk: agents, customers, tickets and their history. Safe to run again.')
    .requiredOption('--tenant <slug>', 'the tenant to load it into')
    .option('--until <date>', 'load the world as it was at the end of that day, for example 2012-10-09', parseDay)
    .option('--rejects <file>', 'where rows go that cannot be loaded (default: <csv>.rejects.csv in this folder)')
    .option('--json', 'print the counts as JSON')
    .addHelpText(
      'after',
      `
Exit status: 0 everything was loaded, 1 there were rejects or it failed, 2 wrong usage.

Examples:
  $ freshfield import helpdesk-log.csv --tenant acme
  $ freshfield import helpdesk-log.csv --tenant acme --until 2012-10-09
  $ freshfield import helpdesk-log.csv --tenant acme --rejects /tmp/rejects.csv --json`,
    )
    .action((csv: string, flags: ImportFlags) => withDatabase((database) => load(database, csv, flags)));
}

async function load({ operator, application }: CommandDatabase, csv: string, flags: ImportFlags): Promise<void> {
  const tenant = await findTenant(operator, flags.tenant);
  const rejectsFile = flags.rejects ?? `${basename(csv, '.csv')}.rejects.csv`;
  if (resolve(rejectsFile) === resolve(csv)) {
    throw new AppError('BAD_USER_INPUT', 'The rejects file cannot be the file that is imported.');
  }
  const size = statSync(csv, { throwIfNoEntry: false })?.size ?? 0;
  const bar = progressBar(size);
  const rejects = openRejects(rejectsFile);
  const session = createTenantSession({ pool: application, tenantId: tenant.id });
  const startedAt = performance.now();
  let summary: ImportSummary;
  try {
    summary = await importLog({ file: csv, session, tenant, until: flags.until, rejects, onProgress: bar.update });
  } catch (error) {
    throw resumable(error);
  } finally {
    bar.stop();
    rejects.close();
    await session.close();
  }
  // The first questions asked of the new rows should be planned well already.
  if (summary.events > 0) await operator.query('ANALYZE people, customers, tickets, ticket_events');
  const durationMs = Math.round(performance.now() - startedAt);
  if (summary.rejected > 0) process.exitCode = 1;
  const file = summary.rejected > 0 ? rejectsFile : null;
  console.log(flags.json ? JSON.stringify({ ...summary, rejectsFile: file, durationMs }) : report(summary, file));
}

function resumable(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code !== 'SERVICE_UNAVAILABLE') return error;
  const message = 'The database went away. What was loaded stays: run the same command again to go on.';
  return new AppError(error.code, message, { cause: error });
}

function report({ rows, tickets, events, known, later, rejected }: ImportSummary, rejectsFile: string | null): string {
  const lines = [
    `${rows} rows: ${events} events added, ${tickets} tickets new`,
    ...(known > 0 ? [`${known} were there already`] : []),
    ...(later > 0 ? [`${later} are later and were left out`] : []),
    ...(rejectsFile ? [`${rejected} could not be loaded: see ${rejectsFile}`] : []),
  ];
  return lines.join('\n');
}

/** On a terminal only; on standard error, so that the output can be piped. */
function progressBar(size: number): { update: (bytesRead: number) => void; stop: () => void } {
  if (!process.stderr.isTTY || size === 0) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({ format: 'Importing {bar} {percentage}% | {eta_formatted} left', stream: process.stderr });
  bar.start(size, 0);
  return { update: (bytesRead) => bar.update(bytesRead), stop: () => bar.stop() };
}

function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('Write a day of the calendar, for example 2012-10-09.');
}
