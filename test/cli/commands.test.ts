import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createProgram, statusOf } from '../../src/cli/program.ts';
import { loadManifest } from '../../src/http/persisted-manifest.ts';
import { createTokenVerifier } from '../../src/http/tokens.ts';
import { newId } from '../../src/ids.ts';
import { runCli, type CliOptions, type CliResult } from '../support/cli.ts';
import { writeLog } from '../support/helpdesk-log.ts';
import { createBench, type Bench, type BenchTenant } from '../support/import-bench.ts';

vi.setConfig({ testTimeout: 60_000 }); // each test starts processes

const secret = 'a secret for tests only, long enough for HS256';
let bench: Bench;
let acme: BenchTenant;
let log: string;
let run: (args: string[], options?: CliOptions) => Promise<CliResult>;

beforeAll(async () => {
  bench = await createBench();
  acme = await bench.addTenant('acme');
  log = join(bench.folder, 'log.csv');
  await writeLog(log, { cases: 50 });
  run = (args, { env, ...options } = {}) =>
    runCli(args, {
      cwd: bench.folder,
      env: { DATABASE_URL: bench.database.url, JWT_SECRET: secret, ...env },
      ...options,
    });
});
afterAll(() => bench.close());

/** What a process would say and exit with, without starting one: for what never gets as far as doing anything. */
async function parse(args: string[]): Promise<CliResult> {
  const said = { stdout: '', stderr: '' };
  const program = createProgram({
    writeOut: (text) => void (said.stdout += text),
    writeErr: (text) => void (said.stderr += text),
  });
  const status = await program.parseAsync(args, { from: 'user' }).then(() => 0, statusOf);
  return { ...said, status };
}

describe('the command line', () => {
  const names = ['serve', 'migrate', 'seed', 'import', 'token', 'schema', 'operations', 'purge', 'warm'];

  test('names every command', async () => {
    const { status, stdout } = await run(['--help']);
    expect(status).toBe(0);
    for (const name of names) expect(stdout).toContain(`  ${name} `);
  });

  test.each(names)('%s --help shows examples', async (name) => {
    const { status, stdout, stderr } = await parse([name, '--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(`Examples:\n  $ freshfield ${name}`);
  });

  const wrongUsage: [args: string[], message: RegExp][] = [
    [[], /Usage: freshfield/],
    [['dance'], /unknown command 'dance'/],
    [['migrate', '--dance'], /unknown option '--dance'/],
    [['migrate', 'more'], /too many arguments/],
    [['import', '--tenant', 'acme'], /missing required argument 'csv'/],
    [['import', 'log.csv'], /--tenant <slug>' not specified/],
    [['import', 'log.csv', '--tenant', 'acme', '--until', '2012-02-30'], /day of the calendar/],
    [['token', '--tenant', 'acme'], /--person <email>' not specified/],
    [['token', '--tenant', 'acme', '--person', 'a@b.test', '--expires', 'soon'], /30m, 1h or 7d/],
  ];
  test.each(wrongUsage)('%j is wrong usage: status 2', async (args, message) => {
    const { status, stdout, stderr } = await parse(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('wrong usage is the status of the process as well', async () => {
    expect(await run(['dance'])).toMatchObject({ status: 2, stdout: '' });
  });

  test.each([
    [['migrate'], { DATABASE_URL: 'mysql://localhost/x' }, /DATABASE_URL: Write an address/],
    [['migrate'], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /127\.0\.0\.1:1\/x cannot be used/],
    [['import', 'log.csv', '--tenant', 'nobody'], {}, /There is no tenant "nobody"/],
    [['import', 'nowhere.csv', '--tenant', 'acme'], {}, /nowhere\.csv cannot be read: there is no such file/],
    [
      ['import', 'log.csv', '--tenant', 'acme', '--rejects', '/nowhere/r.csv'],
      {},
      /The rejects file cannot be written/,
    ],
    [['import', 'log.csv', '--tenant', 'acme', '--rejects', 'log.csv'], {}, /cannot be the file that is imported/],
    [['token', '--tenant', 'acme', '--person', 'nobody@acme.test'], {}, /acme has nobody with that e-mail address/],
  ])('%j with %j fails with one message: status 1', async (args, env, message) => {
    const { status, stdout, stderr } = await run(args, { env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^freshfield: /);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at |node_modules/);
    expect(existsSync(join(bench.folder, 'nowhere.rejects.csv'))).toBe(false);
  });
});

describe('migrate', () => {
  test('brings an empty database to the newest schema, once', async () => {
    const name = `empty_${newId().replaceAll('-', '')}`;
    await bench.database.owner.query(`CREATE DATABASE ${name}`);
    const env = { DATABASE_URL: bench.database.url.replace(/\/[^/]+$/, `/${name}`) };
    const status = async () => JSON.parse((await run(['migrate', '--status', '--json'], { env })).stdout);

    const { pending } = await status();
    expect(pending[0]).toBe('0001-tenancy');
    const early = await run(['token', '--tenant', 'acme', '--person', 'a@acme.test'], { env });
    expect(early).toMatchObject({ status: 1, stderr: expect.stringContaining('Run `freshfield migrate` first') });
    expect(await run(['migrate', '--json'], { env })).toMatchObject({ status: 0, stderr: '' });
    expect((await status()).pending).toEqual([]);
    expect((await status()).migrations).toHaveLength(pending.length);
    expect((await run(['migrate'], { env })).stdout).toContain('Nothing to do');
    expect((await run(['migrate', '--status'], { env })).stdout).toMatch(/^0001-tenancy +applied \d{4}-/);
    await bench.database.owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  test('refuses a database that a newer version has migrated', async () => {
    const { owner } = bench.database;
    await owner.query(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-tomorrow', '2030-01-01')`);
    for (const args of [['migrate'], ['migrate', '--status'], ['import', 'log.csv', '--tenant', 'acme']]) {
      const { status, stderr } = await run(args);
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /^freshfield: The database is ahead of this version of Freshfield: it has 9999-tomorrow\./,
      );
    }
    await owner.query(`DELETE FROM kysely_migration WHERE name = '9999-tomorrow'`);
  });
});

describe('import', () => {
  test('prints the counts, for people and as JSON, and leaves no rejects file where there are none', async () => {
    await bench.addTenant('counted');
    const first = await run(['import', 'log.csv', '--tenant', 'counted']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(first.stdout).toMatch(/^\d+ rows: \d+ events added, 50 tickets new\n$/);
    const again = await run(['import', log, '--tenant', 'counted', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ tickets: 0, events: 0, rejected: 0, rejectsFile: null });
    expect(existsSync(join(bench.folder, 'log.rejects.csv'))).toBe(false);
  });

  test('status 1 and a rejects file where a row could not be loaded; what it prints holds nothing of the rows', async () => {
    await bench.addTenant('strict');
    const bad = join(bench.folder, 'bad.csv');
    writeFileSync(bad, readFileSync(log));
    appendFileSync(bad, 'Case 1,Dance,Mario Rossi\n');
    const { status, stdout, stderr } = await run(['import', 'bad.csv', '--tenant', 'strict', '--until', '2012-06-30']);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toContain('1 could not be loaded: see bad.rejects.csv');
    expect(stdout).toMatch(/\d+ are later and were left out/);
    expect(stdout).not.toContain('Mario');
    expect(readFileSync(join(bench.folder, 'bad.rejects.csv'), 'utf8')).toMatch(
      /^line,reason,row\n\d+,"the row has 3 columns, the header has 18","Case 1,Dance,Mario Rossi"\n$/,
    );
    const elsewhere = await run(['import', 'bad.csv', '--tenant', 'strict', '--rejects', 'elsewhere.csv', '--json']);
    expect(JSON.parse(elsewhere.stdout)).toMatchObject({ rejected: 1, rejectsFile: 'elsewhere.csv' });
    expect(existsSync(join(bench.folder, 'elsewhere.csv'))).toBe(true);
  });

  test('a table of another tenant is not touched', async () => {
    const other = await bench.addTenant('other');
    await run(['import', 'log.csv', '--tenant', 'acme']);
    const { people, tickets } = (await other.contents()) as Record<string, unknown[]>;
    expect({ people, tickets }).toEqual({ people: [], tickets: [] });
  });
});

describe('token', () => {
  const email = 'someone@acme.test';
  let personId: string;
  beforeAll(async () => {
    personId = await addPerson(email, true);
  });

  async function addPerson(address: string, active: boolean): Promise<string> {
    const id = newId();
    await bench.database.owner.query(
      `INSERT INTO people (tenant_id, id, name, email, username, active) VALUES ($1, $2, 'Someone', $3, $3, $4)`,
      [acme.id, id, address, active],
    );
    return id;
  }

  test('issues a token that the server accepts, for as long as was asked', async () => {
    const { status, stdout } = await run([
      'token',
      '--tenant',
      'acme',
      '--person',
      'Someone@ACME.test',
      '--expires',
      '2h',
      '--json',
    ]);
    expect(status).toBe(0);
    const { token, expiresAt } = JSON.parse(stdout);
    const options = { secret, jwksUrl: null, issuer: null, audience: null };
    expect(await createTokenVerifier(options)(token)).toEqual({ tenantId: acme.id, personId });
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 60_000)).toBe(120);
    const plain = await run(['token', '--tenant', 'acme', '--person', email]);
    expect(plain.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  test('refuses in production without a secret, and where an issuer has the keys', async () => {
    const args = ['token', '--tenant', 'acme', '--person', email];
    const production = await run(args, { env: { NODE_ENV: 'production', JWT_SECRET: '' } });
    expect(production).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('JWT_SECRET') });
    const issuer = await run(args, { env: { JWT_SECRET: '', JWT_JWKS_URL: 'https://issuer.test/jwks.json' } });
    expect(issuer).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('yours come from an issuer'),
    });
  });

  test('refuses for a person who was deactivated', async () => {
    await addPerson('gone@acme.test', false);
    const { status, stderr } = await run(['token', '--tenant', 'acme', '--person', 'gone@acme.test']);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'freshfield: That person was deactivated: a token would not be accepted.\n',
    });
  });
});

test('operations prints the ids that a server knows, without a database', async () => {
  const { status, stdout } = await run(['operations'], { env: { DATABASE_URL: 'postgres://127.0.0.1:1/x' } });
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual(loadManifest());
});

test('schema prints the SDL, without a database', async () => {
  const { status, stdout } = await run(['schema'], { env: { DATABASE_URL: 'postgres://127.0.0.1:1/x' } });
  expect(status).toBe(0);
  expect(Object.keys(buildSchema(stdout).getQueryType()?.getFields() ?? {})).toContain('tickets');
});
