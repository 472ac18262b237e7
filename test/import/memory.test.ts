import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli } from '../support/cli.ts';
import { writeLog } from '../support/helpdesk-log.ts';
import { createBench, type Bench } from '../support/import-bench.ts';

/** Cases of the real log. */
const once = 4_479;
/** How many times as large the large file is. The full check: IMPORT_SCALE=100 npx vitest run test/import/memory.test.ts */
const scale = Number(process.env.IMPORT_SCALE ?? 4);
/** Peak memory may differ by this much between two runs of the same file: when the collector runs is up to it. */
const noiseMb = 40;

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

test(`memory stays flat: ${scale} times the file needs no more than the file`, async () => {
  const small = await measure('small', once);
  const large = await measure('large', once * scale);
  console.info({ small, large });
  expect(large.rows).toBeGreaterThan(small.rows * scale * 0.9);
  expect(large.peakMb).toBeLessThan(small.peakMb + noiseMb);
}, 7_200_000);

async function measure(slug: string, cases: number) {
  await bench.addTenant(slug);
  const file = join(bench.folder, `${slug}.csv`);
  await writeLog(file, { cases, interleaved: 10 });
  const peakFile = join(bench.folder, `${slug}.peak`);
  const notePeak = `import { writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(${JSON.stringify(peakFile)}, String(process.resourceUsage().maxRSS)));`;
  const { status, stdout, stderr } = await runCli(['import', file, '--tenant', slug, '--json'], {
    env: { DATABASE_URL: bench.database.url, JWT_SECRET: 'a secret for tests only, long enough for HS256' },
    cwd: bench.folder,
    nodeArgs: ['--max-semi-space-size=4', '--import', `data:text/javascript,${encodeURIComponent(notePeak)}`],
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { rows, durationMs } = JSON.parse(stdout) as { rows: number; durationMs: number };
  return {
    rows,
    fileMb: Math.round(statSync(file).size / 1e6),
    peakMb: Math.round(Number(await readFile(peakFile, 'utf8')) / 1024),
    rowsPerSecond: Math.round((rows / durationMs) * 1000),
  };
}
