import { mkdtempSync, rmSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { readLog, writeLog } from '../support/helpdesk-log.ts';

let folder: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'freshfield-cli-'));
  await chmod(folder, 0o755); // as root, Postgres runs as another user
  env = { DATA_DIR: join(folder, 'data'), PORT: '0', SEED_DEMO: 'off' };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('commands work on the embedded database, alone and beside a server that runs on it', async () => {
  const file = join(folder, 'log.csv');
  await writeLog(file, { cases: 100 });
  const half = ['import', file, '--tenant', 'acme', '--until', '2012-01-01', '--json'];
  const run = async (args: string[]) => {
    const result = await runCli(args, { env, cwd: folder });
    expect(result).toMatchObject({ status: 0, stderr: '' });
    return result.stdout;
  };
  await run(['migrate']);
  await run(['seed', '--tenant', 'acme', '--people', '12', '--tickets', '5', '--days', '7']);
  const alone = JSON.parse(await run(half));

  const server = startCli(['serve'], { env, cwd: folder });
  try {
    const address = await addressOf(server.process.stdout!);
    const beside = JSON.parse(await run(['import', file, '--tenant', 'acme', '--json']));
    expect(alone.events + beside.events).toBe(readLog(file).length);
    expect(beside.known).toBe(alone.events);

    const token = (await run(['token', '--tenant', 'acme', '--person', 'admin@acme.test'])).trim();
    const response = await fetch(`${address}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: `{ tickets(first: 1, search: "Case 57") { edges { node {
          title customer { name } category { label } team { name } events { edges { node { kind actor { name } } } }
        } } } }`,
      }),
    });
    const { data, errors } = await response.json();
    expect(errors).toBeUndefined();
    const ticket = data.tickets.edges[0].node;
    expect(ticket).toMatchObject({
      title: expect.stringMatching(/^Product \d+: Case 57$/),
      customer: { name: expect.stringMatching(/^Customer \d+$/) },
      category: { label: expect.stringMatching(/^Product \d+$/) },
      team: { name: expect.stringMatching(/^Workgroup \d$/) },
    });
    const story = readLog(file).filter((row) => row['Case ID'] === 'Case 57');
    expect(ticket.events.edges.map(({ node }: any) => node.actor.name)).toEqual(
      story.map(({ Resource }) => Resource.replace('Value', 'Agent')),
    );
  } finally {
    server.process.kill('SIGTERM');
  }
  expect((await server.finished).status).toBe(0);
}, 120_000);

/** The server says where it serves in a line of its log. */
async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const address = /"address":"([^"]+)"/.exec(line)?.[1];
    if (address) return address;
  }
  throw new Error('The server ended before it served.');
}
