import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram, statusOf } from '../../src/cli/program.ts';
import { declaredTables } from '../../src/db/reads/declared-tables.ts';
import { loadTrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

vi.setConfig({ testTimeout: 60_000 }); // some tests start processes

/** What a process of its own needs to be told. */
const at = (url: string) => ({ DATABASE_URL: url, JWT_SECRET: 'a secret for tests only, long enough for HS256' });
const unreachable = at('postgres://127.0.0.1:1/x');
let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'freshfield-check-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

/** A file with an operation. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** In this process: what is printed, and the exit status. */
async function check(...args: string[]): Promise<CliResult & { error?: string }> {
  const said = { stdout: '', stderr: '' };
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void (said.stdout += `${text}\n`));
  process.exitCode = undefined;
  try {
    await createProgram({
      writeOut: (text) => void (said.stdout += text),
      writeErr: (text) => void (said.stderr += text),
    }).parseAsync(['check', ...args], { from: 'user' });
    return { ...said, status: exitStatus() };
  } catch (error) {
    return { ...said, status: statusOf(error), error: (error as Error).message };
  } finally {
    process.exitCode = undefined;
    log.mockRestore();
  }
}

function exitStatus(): number {
  return Number(process.exitCode ?? 0);
}

describe('check', () => {
  it('finds nothing in our schema, without a database', async () => {
    expect(await runCli(['check'], { env: unreachable })).toEqual({
      status: 0,
      stdout: 'Nothing was found.\n',
      stderr: '',
    });
    expect(JSON.parse((await check('--json')).stdout)).toEqual({ findings: [] });
  });

  it('finds nothing in a database as the migrations make it, with --database', async () => {
    const env = at(database.url);
    expect(await runCli(['check', '--database', '--json'], { env })).toEqual({
      status: 0,
      stdout: '{"findings":[]}\n',
      stderr: '',
    });
  });

  it('finds tables that do not log every change, with --database: status 1', async () => {
    const broken = await createTestDatabase();
    // A trigger that is only enabled does not fire for replication roles.
    await broken.owner.query(`DROP TRIGGER log_update ON tickets; ALTER TABLE sites DISABLE TRIGGER log_delete;
      ALTER TABLE team_members ENABLE TRIGGER log_insert`);
    const { status, stdout } = await runCli(['check', '--database'], { env: at(broken.url) });
    await broken.drop();
    expect(status).toBe(1);
    expect(stdout).toContain('tickets (missing-trigger)\n  It does not log every update:');
    expect(stdout).toContain('sites (missing-trigger)\n  It does not log every delete:');
    expect(stdout).toContain('team_members (missing-trigger)\n  It does not log every insert:');
    expect(stdout).toContain('Ticket (untracked-type)');
    expect(stdout).toContain('Site (untracked-type)');
    expect(stdout).toMatch(/\n5 findings\.\n$/);
  });

  it('fails with one message where --database cannot be asked: status 1', async () => {
    const { status, stdout, stderr } = await runCli(['check', '--database'], { env: unreachable });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^freshfield: The database at 127\.0\.0\.1:1\/x cannot be used/);
  });

  it('has help with examples', async () => {
    const { status, stdout } = await check('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Examples:\n  $ freshfield check');
    expect(stdout).toContain('Exit status: 0');
  });

  it.each<[string[], RegExp]>([
    [['--dance'], /unknown option '--dance'/],
    [['more'], /too many arguments/],
    [['--explain'], /argument missing/],
    [['--variables', '{}'], /--variables goes with --explain/],
    [['--explain', 'Dashboard', '--database'], /--database does not go with --explain/],
    [['--explain', 'Dashboard', '--variables', '{'], /Write a JSON object/],
    [['--explain', 'Dashboard', '--variables', '[1]'], /Write a JSON object/],
    [['--explain', 'Dashboard', '--variables', 'null'], /Write a JSON object/],
  ])('%j is wrong usage: status 2', async (args, message) => {
    const { status, stdout, stderr } = await check(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('check --explain', () => {
  it('tells who set how long, for whom, and what may be served stale', async () => {
    expect((await check('--explain', 'Dashboard')).stdout).toBe(
      `query Dashboard
  kept     at most 900 s, by Query.dashboard
  scope    TENANT: shared by those for whom what its making looks at is the same, what they may see included
  stale    for 60 s more while it is made anew; for 3600 s more where that fails
  clients  always ask
  guarded
    Query.dashboard: permission dashboard:read
  policies
    Query.dashboard: maxAge 900, staleWhileRevalidate 60, staleIfError 3600
`,
    );
  });

  it('tells the same as JSON', async () => {
    const { stdout, status } = await check('--explain', 'TicketStatistics', '--variables', '{"days": 7}', '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual([
      expect.objectContaining({
        operation: 'TicketStatistics',
        type: 'query',
        isKept: true,
        reason: null,
        maxAgeS: 900,
        decidedBy: 'Query.ticketStatistics',
        staleIfErrorS: 3600,
        guarded: [{ coordinate: 'Query.ticketStatistics', needs: 'permission dashboard:read' }],
        policies: [expect.objectContaining({ coordinate: 'Query.ticketStatistics', isDynamic: true, maxAge: 900 })],
      }),
    ]);
  });

  it.each<[string, string, string]>([
    [
      'a mutation',
      'mutation { deleteTicket(input: { id: "x" }) { __typename } }',
      'no. It is a mutation: only answers to queries are kept.',
    ],
    [
      'introspection',
      '{ sites { name } __schema { description } }',
      'no. It asks about the schema itself, and introspection is not kept.',
    ],
    [
      'what is never kept',
      '{ person(id: "x") { name emergencyContact } }',
      'no. Person.emergencyContact is not kept: its maxAge is 0.',
    ],
    ['nothing', '{ __typename }', 'no. Nothing that it selects has a policy.'],
    ['the shortest', '{ sites { name } ticket(id: "x") { site { name } } }', 'at most 300 s, by Query.ticket'],
  ])('says of %s why, or why not', async (_what, text, expected) => {
    const { stdout, status } = await check('--explain', file('asked.graphql', text));
    expect(status).toBe(0);
    expect(stdout).toContain(`  kept     ${expected}\n`);
  });

  it('names the coordinates that are guarded, in fragments too', async () => {
    const text = `{ person(id: "x") { ...card } team: teams { members { totalCount } } } fragment card on Person { name phone }`;
    const { stdout } = await check('--explain', file('card.graphql', text));
    expect(stdout).toContain('    Person.phone: decided for each object\n');
    expect(stdout).toContain('    Team.members: permission people:read\n');
    expect(stdout).not.toContain('Person.name:');
  });

  it('explains each operation of a file', async () => {
    const { stdout } = await check(
      '--explain',
      file('two.graphql', 'query A { sites { name } } query B { roles { key } }'),
    );
    expect(stdout).toMatch(/^query A\n[^]*\n\nquery B\n/);
  });

  it.each<[string, string[], RegExp]>([
    ['an unknown name', ['Dashbord'], /There is no operation and no file "Dashbord"\. The operations are .*Dashboard/],
    ['an empty file', [''], /Syntax Error: Unexpected <EOF>/],
    ['text that is no GraphQL', ['{ sites {'], /Syntax Error/],
    ['what the schema does not have', ['{ sites { nome } }'], /Cannot query field "nome" on type "Site"/],
    [
      'variables that do not fit',
      ['query ($days: Int!) { ticketStatistics(days: $days) { opened } }', '{}'],
      /"\$days" of required type "Int!" was not provided/,
    ],
  ])('fails for %s: status 1, and says why', async (what, [text = '', variables], message) => {
    const operation = what === 'an unknown name' ? text : file('wrong.graphql', text);
    const { status, stdout, error } = await check(
      '--explain',
      operation,
      ...(variables ? ['--variables', variables] : []),
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(error).toMatch(message);
  });
});

describe('the tables that migrations declare', () => {
  it('are those that a database has after them', async () => {
    const { tables } = await loadTrackedTables(database.owner);
    const tracked = [...tables].flatMap(([table, found]) => (found ? [[table, found.type]] : []));
    expect(Object.fromEntries(await declaredTables())).toEqual(Object.fromEntries(tracked));
    expect(tracked.length).toBeGreaterThan(20);
  });
});
