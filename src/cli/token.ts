import { InvalidArgumentError, type Command } from 'commander';
import { decodeJwt } from 'jose';
import { tokenOptions } from '../app/token-options.ts';
import { createTenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import { signToken } from '../http/tokens.ts';
import { parsePersonId } from '../ids.ts';
import { findTenant } from './find-tenant.ts';
import { withDatabase, type CommandDatabase } from './with-database.ts';

interface TokenFlags {
  tenant: string;
  person: string;
  expires: string;
  json?: boolean;
}

export function tokenCommand(program: Command): void {
  program
    .command('token')
    .description('Issue a token to ask as a person. For development: in production, JWT_SECRET must be set.')
    .requiredOption('--tenant <slug>', 'the tenant of the person')
    .requiredOption('--person <email>', 'the e-mail address of the person')
    .option('--expires <duration>', 'how long it is good for: 30m, 1h, 7d', parseDuration, '1h')
    .option('--json', 'print JSON: token, expiresAt')
    .addHelpText(
      'after',
      `
Examples:
  $ freshfield token --tenant acme --person admin@acme.test
  $ freshfield token --tenant acme --person agent@acme.test --expires 8h
  $ curl -H "Authorization: Bearer $(freshfield token --tenant acme --person admin@acme.test)" …`,
    )
    .action((flags: TokenFlags) => withDatabase((database) => issue(database, flags)));
}

async function issue({ config, operator, application }: CommandDatabase, flags: TokenFlags): Promise<void> {
  const tenant = await findTenant(operator, flags.tenant);
  const session = createTenantSession({ pool: application, tenantId: tenant.id });
  const person = await session.write((trx) =>
    trx
      .selectFrom('people')
      .select(['id', 'active'])
      .where('email', '=', flags.person.toLowerCase())
      .executeTakeFirst(),
  );
  const personId = parsePersonId(person?.id);
  if (!person || !personId) throw new AppError('NOT_FOUND', `${flags.tenant} has nobody with that e-mail address.`);
  if (!person.active) throw new AppError('FORBIDDEN', 'That person was deactivated: a token would not be accepted.');
  const token = await signToken({ tenantId: tenant.id, personId }, await tokenOptions(config), flags.expires);
  const expiresAt = new Date((decodeJwt(token).exp ?? 0) * 1000).toISOString();
  console.log(flags.json ? JSON.stringify({ token, expiresAt }) : token);
}

function parseDuration(text: string): string {
  if (/^[1-9]\d{0,5}[smhd]$/.test(text)) return text;
  throw new InvalidArgumentError('Write a number and s, m, h or d, for example 30m, 1h or 7d.');
}
