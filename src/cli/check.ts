import { existsSync, readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import type { Explanation, Finding } from '../app/check-schema.ts';
import { loadLoggingTables, type LoggingTable } from '../db/reads/logging-tables.ts';
import { AppError } from '../errors.ts';
import { loadManifest } from '../http/persisted-manifest.ts';
import { explanationText } from './explanation-text.ts';
import { requireNewestSchema } from './find-tenant.ts';
import { withDatabase } from './with-database.ts';

interface CheckFlags {
  explain?: string;
  variables?: Record<string, unknown>;
  database?: boolean;
  json?: boolean;
}

export function checkCommand(program: Command): void {
  program
    .command('check')
    .description('Check the cache policy in the schema, or explain what it means for one operation.')
    .option('--database', 'also ask the database whether the tables log their changes')
    .option('--explain <operation>', 'an operation of schema/operations by its name, or a file with one')
    .option('--variables <json>', 'its variables: checked as a request with them would be', parseVariables)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Reports root fields without a policy, types whose tables log no changes, guarded or private fields under PUBLIC,
fields that are kept by themselves without an identity, and policies that never apply.

Exit status: 0 nothing was found, 1 there are findings or it failed, 2 wrong usage.

Examples:
  $ freshfield check
  $ freshfield check --database --json
  $ freshfield check --explain Dashboard
  $ freshfield check --explain my-query.graphql --variables '{ "days": 7 }'`,
    )
    .action(async (flags: CheckFlags, command: Command) => {
      if (flags.explain === undefined && flags.variables) command.error('error: --variables goes with --explain');
      if (flags.explain !== undefined && flags.database) command.error('error: --database does not go with --explain');
      await (flags.explain === undefined ? check(flags) : explain(flags.explain, flags));
    });
}

async function check({ database, json }: CheckFlags): Promise<void> {
  const { checkSchema } = await import('../app/check-schema.ts');
  const tables = database ? await askDatabase() : null;
  const logging = tables?.filter(({ unlogged }) => unlogged.length === 0).map(({ type }) => type);
  const findings: (Finding | TableFinding)[] = [
    ...(await checkSchema(logging && new Set(logging))),
    ...(tables ?? []).flatMap(findingOf),
  ];
  if (findings.length > 0) process.exitCode = 1;
  console.log(json ? JSON.stringify({ findings }) : findingsText(findings));
}

interface TableFinding {
  rule: 'missing-trigger';
  /** The table. */
  coordinate: string;
  message: string;
}

function askDatabase(): Promise<LoggingTable[]> {
  return withDatabase(async ({ operator }) => {
    await requireNewestSchema(operator);
    return loadLoggingTables(operator);
  });
}

function findingOf({ table, type, unlogged }: LoggingTable): TableFinding[] {
  if (unlogged.length === 0) return [];
  const message =
    `It does not log every ${unlogged.join(', ')}: what is kept would not hear of them. ` +
    `Make its triggers anew with SELECT track_changes('${table}', '${type}', …) as its migration has it.`;
  return [{ rule: 'missing-trigger', coordinate: table, message }];
}

function findingsText(findings: readonly (Finding | TableFinding)[]): string {
  if (findings.length === 0) return 'Nothing was found.';
  const lines = findings.map(({ rule, coordinate, message }) => `${coordinate} (${rule})\n  ${message}`);
  return [...lines, `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}.`].join('\n');
}

async function explain(asked: string, { variables, json }: CheckFlags): Promise<void> {
  const { explainDocument } = await import('../app/check-schema.ts');
  const explained = explainDocument(textOf(asked), variables);
  console.log(json ? JSON.stringify(explained.map(asJson)) : explained.map(explanationText).join('\n\n'));
}

function textOf(asked: string): string {
  const { operations } = loadManifest();
  const named = operations.find(({ name }) => name === asked);
  if (named) return named.body;
  if (existsSync(asked)) return readFileSync(asked, 'utf8');
  const names = operations.map(({ name }) => name).join(', ');
  throw new AppError('NOT_FOUND', `There is no operation and no file "${asked}". The operations are ${names}.`);
}

function asJson({ plan, ...explanation }: Explanation): object {
  const { policies, ...said } = plan;
  return { ...explanation, ...said, policies: policies.map(({ policy, ...at }) => ({ ...at, ...policy })) };
}

function parseVariables(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through to the message below.
  }
  throw new InvalidArgumentError(`Write a JSON object, for example '{ "days": 7 }'.`);
}
