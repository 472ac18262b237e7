import { InvalidArgumentError, Option, type Command } from 'commander';
import { purge, type PurgeOrder, type PurgeRecord } from '../db/cache-purge.ts';
import { createTenantSession } from '../db/session.ts';
import { parsePurge } from '../http/purge-request.ts';
import { findTenant } from './find-tenant.ts';
import { withDatabase, type CommandDatabase } from './with-database.ts';

interface PurgeFlags {
  tenant: string;
  type?: string;
  ids?: string[];
  tag?: string;
  operation?: string;
  all?: boolean;
  soft?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

export function purgeCommand(program: Command): void {
  program
    .command('purge')
    .description('Purge what was cached for a tenant, on every node and in Redis: by a line in the change log.')
    .requiredOption('--tenant <slug>', 'whose')
    .addOption(selector('--type <name>', 'all that depends on a type: Ticket, Person', 'type'))
    .option('--ids <ids>', 'only what depends on these objects of the type, commas between them', parseIds)
    .addOption(selector('--tag <name>', 'all that depends on a source outside the database: weather', 'tag'))
    .addOption(selector('--operation <name>', 'all answers to operations of this name', 'operation'))
    .addOption(selector('--all', 'everything of the tenant', 'all'))
    .option('--soft', 'let it count as expired: it may be served while it is made anew, where the schema says so')
    .option('--dry-run', 'purge nothing, and print what would be')
    .option('--json', 'print JSON: tags, soft, dryRun, token')
    .addHelpText(
      'after',
      `
Nothing is deleted and no server is asked: the next read on every node finds the line in the log. Freshness never
needs it; it is for what nobody told the database. What a node holds is counted by the mutation purgeCache only.

Exit status: 0 it was purged, 1 it failed (there is no such tenant or type, say), 2 wrong usage.

Examples:
  $ freshfield purge --tenant acme --type Ticket
  $ freshfield purge --tenant acme --type Person --ids UGVyc29uOjAx…,UGVyc29uOjAy… --soft
  $ freshfield purge --tenant acme --tag weather
  $ freshfield purge --tenant acme --operation Dashboard --dry-run --json
  $ freshfield purge --tenant acme --all`,
    )
    .action(async (flags: PurgeFlags, command: Command) => {
      const { type, ids, tag, operation: operationName, all: tenantWide, soft, dryRun } = flags;
      const sent = [type, tag, operationName, tenantWide].filter((value) => value !== undefined);
      if (sent.length !== 1) command.error('error: say what to purge: one of --type, --tag, --operation and --all');
      if (ids && type === undefined) command.error('error: --ids go with --type');
      const { tenant, order } = parsePurge({
        tenant: flags.tenant,
        type,
        ids,
        tag,
        operationName,
        tenantWide,
        soft,
        dryRun,
      });
      await withDatabase((database) => purgeTenant(database, { tenant, order, json: flags.json ?? false }));
    });
}

async function purgeTenant(
  { operator, application }: CommandDatabase,
  { tenant: slug, order, json }: { tenant: string; order: PurgeOrder; json: boolean },
): Promise<void> {
  const tenant = await findTenant(operator, slug);
  const session = createTenantSession({ pool: application, tenantId: tenant.id });
  try {
    const done = await session.write((trx) => purge(trx, order, { by: { via: 'cli' }, now: new Date() }));
    const { soft, dryRun } = order;
    const token = session.written.token === null ? null : String(session.written.token);
    console.log(json ? JSON.stringify({ tenant: slug, tags: done.tags, soft, dryRun, token }) : report(done, order));
  } finally {
    await session.close();
  }
}

function report({ tags }: PurgeRecord, { soft, dryRun }: PurgeOrder): string {
  const what = tags.length > 10 ? `${tags.slice(0, 10).join(', ')} and ${tags.length - 10} more` : tags.join(', ');
  if (dryRun) return `Would purge${soft ? ' softly' : ''} what depends on ${what}.`;
  return `Purged${soft ? ' softly' : ''} what depends on ${what}.`;
}

const selectors = ['type', 'tag', 'operation', 'all'];

function selector(flags: string, description: string, name: string): Option {
  return new Option(flags, description).conflicts(selectors.filter((other) => other !== name));
}

function parseIds(text: string): string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.every((id) => id !== '')) return ids;
  throw new InvalidArgumentError('Write ids with commas between them.');
}
