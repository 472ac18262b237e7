import { text } from 'node:stream/consumers';
import { InvalidArgumentError, type Command } from 'commander';
import { AppError } from '../errors.ts';

interface WarmFlags {
  tenant: string;
  url: string;
  token: string;
  operation: string[];
  role?: string[];
  person?: string[];
  variables?: Record<string, unknown>;
  json?: boolean;
}

interface Warmed {
  warmed: number;
  kept: number;
  skipped: { operation: string; roles: string[]; reason: string; detail: string }[];
}

/** The server gives up after 30 seconds. */
const timeoutMs = 35_000;

export function warmCommand(program: Command): void {
  program
    .command('warm')
    .description('Have a running server ask operations on behalf of its people, so that their answers are cached.')
    .requiredOption('--tenant <slug>', "the tenant; that of the token, so that it is nobody else's by mistake")
    .requiredOption('--token <token>', 'of somebody with cache:manage; - reads it from standard input')
    .requiredOption('--operation <names...>', 'queries of schema/operations: Dashboard Tickets')
    .option('--url <address>', 'of the server', parseUrl, 'http://localhost:4000')
    .option('--role <keys...>', 'only for people with one of these roles: agent manager')
    .option('--person <ids...>', 'for these people, with what is for them alone')
    .option('--variables <json>', 'an object: each operation gets those that it has', parseVariables)
    .option('--json', 'print JSON: warmed, kept, skipped')
    .addHelpText(
      'after',
      `
Without --role and --person: for one person of each combination of roles and sites there is. At most 100 answers are
made, for at most 20 seconds.

Exit status: 0 it was done, though some may have been skipped, 1 it failed, 2 wrong usage.

Examples:
  $ freshfield warm --tenant acme --token "$TOKEN" --operation Choices --variables '{ "kind": "JOB_TYPE" }' --role agent
  $ freshfield token --tenant acme --person admin@acme.test | freshfield warm --tenant acme --token - --operation Dashboard
  $ freshfield warm --tenant acme --token "$TOKEN" --operation Tickets --person UGVyc29uOjAx… --json`,
    )
    .action(warm);
}

/** As much of an answer as says whether there is one. */
interface Answer<Data> {
  data?: Data;
  errors?: { message: string; extensions?: { code?: string } }[];
}

async function warm(flags: WarmFlags): Promise<void> {
  const { loadManifest } = await import('../http/persisted-manifest.ts');
  const named = new Map(loadManifest().operations.map((operation) => [operation.name, operation]));
  const token = (flags.token === '-' ? await text(process.stdin) : flags.token).trim();
  const ask = async <Data>(name: string, variables?: object): Promise<Data> => {
    const { id, body: query } = named.get(name) ?? {};
    const answer = await send<Data>(flags.url, token, { query, variables });
    const takesIdsOnly = answer.errors?.[0]?.extensions?.code === 'PERSISTED_OPERATION_REQUIRED';
    return dataOf(
      takesIdsOnly ? await send<Data>(flags.url, token, { documentId: `sha256:${id}`, variables }) : answer,
    );
  };
  const { tenant } = await ask<{ tenant: { slug: string } }>('Tenant');
  if (tenant.slug !== flags.tenant) {
    throw new AppError('BAD_USER_INPUT', `The token is of the tenant "${tenant.slug}", not of "${flags.tenant}".`);
  }
  const { operation: operations, role: roles, person: persons, variables } = flags;
  const { warmCache } = await ask<{ warmCache: { message?: string; warmed?: Warmed } }>('WarmCache', {
    input: { operations, roles, persons, variables },
  });
  if (!warmCache.warmed) throw new AppError('BAD_USER_INPUT', warmCache.message ?? 'The server did not say why.');
  console.log(flags.json ? JSON.stringify(warmCache.warmed) : report(warmCache.warmed));
}

async function send<Data>(url: string, token: string, body: object): Promise<Answer<Data>> {
  const response = await fetch(new URL('/graphql', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new AppError('SERVICE_UNAVAILABLE', `There is no server at ${url}: start it, or send --url.`, { cause });
  });
  const answer = (await response.json().catch(() => null)) as Answer<Data> | null;
  if (answer?.data || answer?.errors?.[0]) return answer;
  throw new AppError(
    'SERVICE_UNAVAILABLE',
    `What is at ${url} is no server of Freshfield (status ${response.status}).`,
  );
}

function dataOf<Data>({ data, errors: [error] = [] }: Answer<Data>): Data {
  if (error || !data) throw new AppError('BAD_USER_INPUT', error?.message ?? 'The server did not answer.');
  return data;
}

function report({ warmed, kept, skipped }: Warmed): string {
  const lines = skipped.map(({ operation, roles, detail }) => `  ${operation} for ${roles.join(', ')}: ${detail}`);
  return [`${warmed} warmed, ${kept} were there, ${skipped.length} skipped`, ...lines].join('\n');
}

function parseUrl(value: string): string {
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
  throw new InvalidArgumentError('Write an address that starts with http:// or https://.');
}

function parseVariables(value: string): Record<string, unknown> {
  try {
    const variables: unknown = JSON.parse(value);
    if (typeof variables === 'object' && variables !== null && !Array.isArray(variables)) return { ...variables };
  } catch {
    // said below
  }
  throw new InvalidArgumentError(`Write an object in JSON, for example '{ "days": 30 }'.`);
}
