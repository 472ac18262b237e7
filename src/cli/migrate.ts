import type { Command } from 'commander';
import { migrate, migrationStatus, type MigrationStatus } from '../db/migrate.ts';
import { withDatabase } from './with-database.ts';

interface MigrateFlags {
  status?: boolean;
  json?: boolean;
}

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('Bring the database to the newest schema; a migration that fails rolls all of them back.')
    .option('--status', 'only show which migrations are applied and which are pending')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ freshfield migrate
  $ freshfield migrate --status
  $ DATABASE_URL=postgres://localhost/freshfield freshfield migrate --status --json`,
    )
    .action((flags: MigrateFlags) =>
      withDatabase(async ({ operator }) => {
        const applied = flags.status ? [] : await migrate(operator);
        const migrations = await migrationStatus(operator);
        const pending = migrations.filter(({ appliedAt }) => !appliedAt).map(({ name }) => name);
        if (flags.json) console.log(JSON.stringify(flags.status ? { pending, migrations } : { applied, pending }));
        else console.log(flags.status ? table(migrations) : appliedText(applied));
      }),
    );
}

function table(migrations: MigrationStatus[]): string {
  const width = Math.max(...migrations.map(({ name }) => name.length));
  return migrations
    .map(
      ({ name, appliedAt }) => `${name.padEnd(width)}  ${appliedAt ? `applied ${appliedAt.toISOString()}` : 'pending'}`,
    )
    .join('\n');
}

function appliedText(applied: string[]): string {
  if (applied.length === 0) return 'Nothing to do: the database has the newest schema.';
  return applied.map((name) => `Applied ${name}`).join('\n');
}
