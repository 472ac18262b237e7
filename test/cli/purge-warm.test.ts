import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app/create-app.ts';
import { explain } from '../../src/cli/explain.ts';
import { createProgram, statusOf } from '../../src/cli/program.ts';
import { encodeGlobalId } from '../../src/graphql/global-id.ts';
import { loadManifest } from '../../src/http/persisted-manifest.ts';
import { newId } from '../../src/ids.ts';
import { runCli, type CliResult } from '../support/cli.ts';
import { logged } from '../support/logged.ts';
import { createWorld, testTokens, type World } from '../support/world.ts';

vi.setConfig({ testTimeout: 60_000 }); // each test starts processes

let world: World;
beforeAll(async () => void (world = await createWorld()));
afterAll(() => world.close());

const run = (...args: string[]): Promise<CliResult> =>
  runCli(args, { env: { DATABASE_URL: world.database.url, JWT_SECRET: testTokens.secret ?? '' } });

/** Without starting a process: for what never gets as far as the database. */
async function parse(...args: string[]) {
  const said = { stdout: '', stderr: '' };
  const program = createProgram({
    writeErr: (text) => void (said.stderr += text),
    writeOut: (text) => void (said.stdout += text),
  });
  const error = await program.parseAsync(args, { from: 'user' }).then(
    () => null,
    (failure: unknown) => failure,
  );
  return { ...said, status: error === null ? 0 : statusOf(error), message: error === null ? '' : explain(error) };
}

const admin = () => world.acme.people.admin.token;
const sites = 'query Sites { sites { name } }';
const assets = 'query Assets { assets(first: 1) { totalCount } }';
const statusOfAnswer = ({ extensions }: { extensions?: Record<string, unknown> }) =>
  (extensions?.['cache'] as { status?: string } | undefined)?.status;

async function warm(query: string) {
  for (let times = 0; statusOfAnswer(await world.ask(admin(), query)) !== 'HIT'; times += 1) {
    if (times === 5) throw new Error(`Never a hit: ${query}`);
  }
}

describe('purge', () => {
  test('is seen by the next read on a server that was not asked, leaves the rest alone, and is written down', async () => {
    await Promise.all([warm(sites), warm(assets)]);
    const { status, stdout, stderr } = await run('purge', '--tenant', 'acme', '--type', 'Asset', '--json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      tenant: 'acme',
      tags: ['L:asset', 'A:asset'],
      soft: false,
      dryRun: false,
      token: expect.stringMatching(/^\d+$/),
    });
    expect(statusOfAnswer(await world.ask(admin(), assets))).toBe('MISS');
    expect(statusOfAnswer(await world.ask(admin(), sites))).toBe('HIT');
    const { rows } = await world.database.owner.query(
      'SELECT tenant_id, via, actor_id, asked, tags FROM cache_audits ORDER BY id DESC LIMIT 1',
    );
    expect(rows[0]).toEqual({
      tenant_id: world.acme.id,
      via: 'cli',
      actor_id: null,
      asked: { type: 'Asset', ids: null },
      tags: ['L:asset', 'A:asset'],
    });
  });

  test('names objects, tags, operations and everything, softly or for show', async () => {
    const id = newId();
    const both = [world.acme.id, world.globex.id];
    const cases: [args: string[], tags: string[], said: string][] = [
      [
        ['--type', 'Asset', '--ids', encodeGlobalId('Asset', id)],
        [`!E:asset:${id}`, '!L:asset', `E:asset:${id}`, 'L:asset'],
        'Purged what',
      ],
      [['--tag', 'weather', '--soft'], ['~T:weather'], 'Purged softly what depends on T:weather.'],
      [
        ['--operation', 'Sites'],
        ['!T:operation:Sites', 'T:operation:Sites'],
        'Purged what depends on T:operation:Sites.',
      ],
      [['--all'], ['*'], 'Purged what depends on *.'],
      [['--all', '--dry-run'], [], 'Would purge what depends on *.'],
    ];
    for (const [args, tags, said] of cases) {
      const told = await logged(world.database.owner, both, async () => {
        const { status, stdout } = await run('purge', '--tenant', 'acme', ...args);
        expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining(said) });
      });
      expect(told).toEqual(tags.length === 0 ? {} : { [world.acme.id]: tags });
    }
  });

  test('fails with one message where there is no such tenant or type: status 1', async () => {
    for (const [args, message] of [
      [['--tenant', 'nobody', '--all'], /^freshfield: There is no tenant "nobody"/],
      [['--tenant', 'acme', '--type', 'Dashboard'], /^freshfield: type: Send one of Asset, /],
    ] as const) {
      const { status, stdout, stderr } = await run('purge', ...args);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/\n\s+at |node_modules/);
    }
  });

  test.each([
    [['--type', 'Asset', '--ids', 'nonsense'], /^ids\.0: Send the id of a Asset/],
    [['--type', 'Asset', '--ids', encodeGlobalId('Site', newId())], /^ids\.0: Send the id of a Asset/],
    [['--type', 'Asset', '--ids', Array(501).fill('x').join()], /^ids: Send at most 500 ids/],
    [['--operation', 'a b'], /^operationName: Send the name of an operation/],
    [['--tag', ''], /^tag: Send 1 to 200 characters/],
  ])('%j is refused: status 1', async (args, message) => {
    expect(await parse('purge', '--tenant', 'acme', ...args)).toMatchObject({
      status: 1,
      message: expect.stringMatching(message),
    });
  });

  test.each([
    [['--all'], /--tenant <slug>' not specified/],
    [['--tenant', 'acme'], /say what to purge: one of --type, --tag, --operation and --all/],
    [['--tenant', 'acme', '--soft'], /say what to purge/],
    [['--tenant', 'acme', '--all', '--tag', 'x'], /'--(all|tag <name>)' cannot be used with option/],
    [['--tenant', 'acme', '--tag', 'x', '--ids', 'y'], /--ids go with --type/],
    [['--tenant', 'acme', '--type', 'Asset', '--ids', 'a,,b'], /Write ids with commas/],
  ])('%j is wrong usage: status 2', async (args, message) => {
    const { status, stderr } = await parse('purge', ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('warm', () => {
  const asked = (...args: string[]) => ['warm', '--tenant', 'acme', '--url', world.baseUrl, ...args];

  test('has the server make answers, and says who could not be answered', async () => {
    await run('purge', '--tenant', 'acme', '--all');
    const { status, stdout, stderr } = await run(
      ...asked('--token', admin(), '--operation', 'Dashboard', 'Sites', '--json'),
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { warmed, kept, skipped } = JSON.parse(stdout);
    expect(warmed + kept).toBe(7); // the dashboard for three, the sites for four
    expect(skipped).toMatchObject([{ operation: 'Dashboard', roles: ['member'], reason: 'REFUSED' }]);
    const dashboard = loadManifest().operations.find(({ name }) => name === 'Dashboard')?.body ?? '';
    expect(statusOfAnswer(await world.ask(world.acme.people.manager.token, dashboard))).toBe('HIT');
    const again = await run(...asked('--token', admin(), '--operation', 'Dashboard', '--role', 'admin'));
    expect(again.stdout).toBe('0 warmed, 1 were there, 0 skipped\n');
    const member = await run(...asked('--token', admin(), '--operation', 'Dashboard', '--role', 'member'));
    expect(member.stdout).toMatch(/^0 warmed, 0 were there, 1 skipped\n  Dashboard for member: .*dashboard:read/);
  });

  test.each(['require', 'off'] as const)('goes by what a server takes: PERSISTED_OPERATIONS=%s', async (mode) => {
    const node = createApp({ databaseUrl: world.database.url, tokens: testTokens, persistedOperations: mode });
    const url = await node.listen(0);
    const args = ['--tenant', 'acme', '--token', admin(), '--url', url, '--operation', 'Sites', '--role', 'admin'];
    const { status, stdout, stderr } = await run('warm', ...args);
    await node.close();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe('1 warmed, 0 were there, 0 skipped\n');
  });

  test('fails with one message: status 1', async () => {
    const { token } = world.acme.people.agent;
    const cases: [args: string[], message: RegExp][] = [
      [asked('--token', world.globex.people.admin.token, '--operation', 'Sites'), /token is of the tenant "globex"/],
      [asked('--token', token, '--operation', 'Sites'), /needs the permission cache:manage/],
      [asked('--token', admin(), '--operation', 'Nope'), /Send the name of a query of .*Dashboard/],
      [asked('--token', 'x.y.z', '--operation', 'Sites'), /The token is not valid/],
      [
        ['warm', '--tenant', 'acme', '--token', token, '--url', 'http://127.0.0.1:1', '--operation', 'Sites'],
        /no server at http/,
      ],
    ];
    for (const [args, said] of cases) {
      const { status, message } = await parse(...args);
      expect(status).toBe(1);
      expect(message).toMatch(said);
      expect(message).not.toContain(token);
    }
  });

  test.each([
    [['--token', 'x', '--operation', 'Sites'], /--tenant <slug>' not specified/],
    [['--tenant', 'acme', '--operation', 'Sites'], /--token <token>' not specified/],
    [['--tenant', 'acme', '--token', 'x'], /--operation <names...>' not specified/],
    [['--tenant', 'acme', '--token', 'x', '--operation', 'Sites', '--url', 'ftp://x'], /Write an address/],
    [['--tenant', 'acme', '--token', 'x', '--operation', 'Sites', '--variables', '[1]'], /Write an object in JSON/],
  ])('%j is wrong usage: status 2', async (args, message) => {
    const { status, stderr } = await parse('warm', ...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

test.each(['purge', 'warm'])('%s --help shows examples', async (name) => {
  const { stdout } = await parse(name, '--help');
  expect(stdout).toContain(`Examples:\n  $ freshfield ${name}`);
});
