import { Command, CommanderError, type OutputConfiguration } from 'commander';
import { checkCommand } from './check.ts';
import { importCommand } from './import.ts';
import { migrateCommand } from './migrate.ts';
import { operationsCommand } from './operations.ts';
import { purgeCommand } from './purge.ts';
import { schemaCommand } from './schema.ts';
import { seedCommand } from './seed.ts';
import { serveCommand } from './serve.ts';
import { tokenCommand } from './token.ts';
import { warmCommand } from './warm.ts';

/** Each command registers itself: `(program) => void`, one file per command. */
const commands = [
  serveCommand,
  migrateCommand,
  seedCommand,
  importCommand,
  tokenCommand,
  schemaCommand,
  operationsCommand,
  checkCommand,
  purgeCommand,
  warmCommand,
];

/** All commands. Help and wrong usage end in a CommanderError, when what is to be said has been said. */
export function createProgram(output: OutputConfiguration = {}): Command {
  const program = new Command('freshfield')
    .description('Serves and looks after a multi-tenant help desk.')
    .showHelpAfterError('(add --help for the options and examples)')
    .configureOutput(output)
    .exitOverride();
  for (const register of commands) register(program);
  return program;
}

/** Exit status: 0 it worked, 1 it failed, 2 the command was written wrongly. */
export function statusOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : 2; // help comes as an "error" with exit code 0
}
