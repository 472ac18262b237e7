#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { explain } from './explain.ts';
import { importCommand } from './import.ts';
import { migrateCommand } from './migrate.ts';
import { schemaCommand } from './schema.ts';
import { seedCommand } from './seed.ts';
import { serveCommand } from './serve.ts';
import { tokenCommand } from './token.ts';

/** Each command registers itself: `(program) => void`, one file per command. */
const commands = [serveCommand, migrateCommand, seedCommand, importCommand, tokenCommand, schemaCommand];

/** Exit status: 0 it worked, 1 it failed, 2 the command was written wrongly. */
const status = { ok: 0, failed: 1, wrongUsage: 2 } as const;

const program = new Command('freshfield')
  .description('Serves and looks after a multi-tenant help desk.')
  .showHelpAfterError('(add --help for the options and examples)')
  .exitOverride();
for (const register of commands) register(program);

program.parseAsync().catch((error: unknown) => {
  process.exitCode = statusOf(error);
  if (!(error instanceof CommanderError)) process.stderr.write(`freshfield: ${explain(error)}\n`);
});

/** Commander has printed its own errors already; help and version come as "errors" with exit code 0. */
function statusOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return status.failed;
  return error.exitCode === 0 ? status.ok : status.wrongUsage;
}
