import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createProgram, statusOf } from '../../src/cli/program.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';

vi.setConfig({ testTimeout: 60_000 }); // each test starts processes

let database: TestDatabase;
let seed: (...args: string[]) => Promise<CliResult>;
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { DATABASE_URL: database.url, JWT_SECRET: 'a secret for tests only, long enough for HS256' };
  seed = (...args) => runCli(['seed', ...args], { env });
});
afterAll(() => database.drop());

const small = ['--people', '12', '--tickets', '20', '--days', '5', '--until', '2026-11-20'];

test('makes a tenant of the size it was told and prints what it holds', async () => {
  const { status, stdout, stderr } = await seed('--tenant', 'initech', '--name', 'Initech', ...small, '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ tenant: 'initech', counts: { people: 12, tickets: 20 } });
  const { rows } = await database.owner.query(`SELECT name, time_zone FROM tenants WHERE slug = 'initech'`);
  expect(rows).toEqual([{ name: 'Initech', time_zone: 'Europe/Rome' }]);
});

test('refuses a slug that is taken, with status 1 and what to do', async () => {
  expect((await seed('--tenant', 'umbrella', ...small)).status).toBe(0);
  const { status, stderr } = await seed('--tenant', 'umbrella', ...small);
  expect(status).toBe(1);
  expect(stderr).toBe('freshfield: There is a tenant "umbrella" already. Choose another --tenant.\n');
});

test.each([
  [[], /--tenant/],
  [['--tenant', 'Two Words'], /letter first/],
  [['--tenant', 'acme', '--people', '3'], /from 12 to/],
  [['--tenant', 'acme', '--tickets', '1e3'], /whole number/],
  [['--tenant', 'acme', '--time-zone', 'Rome'], /Europe\/Rome/],
  [['--tenant', 'acme', '--until', '2026-02-30'], /day of the calendar/],
])('calls %j wrong usage', async (args, message) => {
  let said = '';
  const program = createProgram({ writeOut: () => {}, writeErr: (text) => void (said += text) });
  const status = await program.parseAsync(['seed', ...args], { from: 'user' }).then(() => 0, statusOf);
  expect(status).toBe(2);
  expect(said).toMatch(message);
});
