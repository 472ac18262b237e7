import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCli, runCli } from '../support/cli.ts';
import { readLog, writeLog } from '../support/helpdesk-log.ts';
import { createBench, type Bench } from '../support/import-bench.ts';

let bench: Bench;
let env: Record<string, string>;
beforeAll(async () => {
  bench = await createBench();
  env = { DATABASE_URL: bench.database.url, JWT_SECRET: 'a secret for tests only, long enough for HS256' };
});
afterAll(() => bench.close());

test('an import that is killed half-way and run again ends like one that was never disturbed', async () => {
  const file = join(bench.folder, 'log.csv');
  await writeLog(file, { cases: 3_000, interleaved: 40 });
  const total = readLog(file).length;
  const killed = await bench.addTenant('killed');
  const count = async () =>
    (await killed.rows('select count(*)::int as count from ticket_events where tenant_id = $1'))[0].count as number;
  const args = (slug: string) => ['import', file, '--tenant', slug, '--json'];

  for (let kill = 0; kill < 2; kill += 1) {
    const before = await count();
    const running = startCli(args('killed'), { env, cwd: bench.folder });
    while ((await count()) === before) expect(running.process.exitCode).toBeNull();
    running.process.kill('SIGKILL');
    expect((await running.finished).status).toBeNull();
  }
  const left = await count();
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(total);

  const again = await runCli(args('killed'), { env, cwd: bench.folder });
  expect(again).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toMatchObject({ rows: total, events: total - left, known: left, rejected: 0 });

  const undisturbed = await bench.addTenant('undisturbed');
  await undisturbed.load({ file });
  const alike = (contents: unknown) => JSON.parse(JSON.stringify(contents).replaceAll(/import\.\w+\.test/g, 'x.test'));
  expect(alike(await killed.contents())).toEqual(alike(await undisturbed.contents()));
  const numbers = 'select external_ref, number, version from tickets where tenant_id = $1 order by 1';
  expect(await killed.rows(numbers)).toEqual(await undisturbed.rows(numbers));
}, 120_000);

test('two imports of one file into one tenant at once load it once', async () => {
  const file = join(bench.folder, 'twice.csv');
  await writeLog(file, { cases: 300, seed: 2 });
  const twice = await bench.addTenant('twice');
  const loads = await Promise.all([twice.load({ file }, { batchSize: 100 }), twice.load({ file }, { batchSize: 130 })]);
  const total = readLog(file).length;
  expect(loads[0].events + loads[1].events).toBe(total);
  expect(loads[0].known + loads[1].known).toBe(total);
  const { numbers } = (await twice.contents()) as { numbers: unknown };
  expect(numbers).toEqual([{ tickets: 300, first: 1, last: 300, counter: 300 }]);
}, 60_000);
