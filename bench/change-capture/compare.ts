import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import type { Load } from './loads.ts';
import type { Side, Sides } from './sides.ts';
import { median } from '../median.ts';

export interface Comparison {
  /** Writes per second with the log, as a share of those without: the median of all rounds. */
  ratio: number;
  quartiles: [number, number];
  /** What one write takes longer, in milliseconds. */
  moreMs: number;
  /** Writes per second without the log. */
  perSecond: number;
  /** What Postgres spends on a write without the log, as a share of what it spends with it; NaN where unknown. */
  cpu: number;
}

export interface CompareOptions {
  rounds: number;
  /** How long each side writes before it is the other's turn, in milliseconds. */
  turnMs: number;
}

interface Speed {
  perSecond: number;
  /** Postgres' CPU for each write, in milliseconds. */
  cpuMs: number;
}

/** Lets both sides write in turns, each as often first as second. */
export async function compare(load: Load, sides: Sides, { rounds, turnMs }: CompareOptions): Promise<Comparison> {
  const [captured, plain] = await Promise.all([load.open(sides.captured, load), load.open(sides.plain, load)]);
  const turn = async (side: Side, write: (client: number) => Promise<unknown>, ms: number): Promise<Speed> => {
    const cpuBefore = await cpuMsOf(side.owner);
    const startedAt = performance.now();
    let written = 0;
    const client = async (index: number) => {
      while (performance.now() - startedAt < ms) {
        await write(index);
        written += 1;
      }
    };
    await Promise.all(Array.from({ length: load.clients }, (_, index) => client(index)));
    const perSecond = (written * 1_000) / (performance.now() - startedAt);
    return { perSecond, cpuMs: ((await cpuMsOf(side.owner)) - cpuBefore) / written };
  };
  const measured: { on: Speed; off: Speed }[] = [];
  try {
    for (let round = -2; round < rounds; round += 1) {
      const ms = round < 0 ? 4 * turnMs : turnMs;
      const first = round % 2 ? await turn(sides.captured, captured.write, ms) : null;
      const off = await turn(sides.plain, plain.write, ms);
      const on = first ?? (await turn(sides.captured, captured.write, ms));
      if (round >= 0) measured.push({ on, off }); // those before only warm up
    }
  } finally {
    await Promise.all([captured.close(), plain.close()]);
  }
  const ratios = sorted(measured.map(({ on, off }) => on.perSecond / off.perSecond));
  return {
    ratio: median(ratios),
    quartiles: [ratios[Math.floor(rounds / 4)] ?? NaN, ratios[Math.ceil((3 * rounds) / 4) - 1] ?? NaN],
    moreMs: median(measured.map(({ on, off }) => load.clients * (1_000 / on.perSecond - 1_000 / off.perSecond))),
    perSecond: median(measured.map(({ off }) => off.perSecond)),
    cpu: median(measured.map(({ on, off }) => off.cpuMs / on.cpuMs)),
  };
}

/** What the connections to a database have cost Postgres so far, in milliseconds of CPU; NaN where nobody tells. */
async function cpuMsOf(owner: pg.Pool): Promise<number> {
  const { rows } = await owner.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'`,
  );
  const costs = rows.map(async ({ pid }) => {
    const text = await readFile(`/proc/${pid}/schedstat`, 'utf8').catch(() => 'unknown');
    return Number(text.split(' ', 1)[0]) / 1e6;
  });
  return (await Promise.all(costs)).reduce((sum, cost) => sum + cost, 0);
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other);
}
