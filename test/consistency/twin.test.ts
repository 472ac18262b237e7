import { afterAll, describe, expect, it } from 'vitest';
import { loadTrackedTables, type Narrowing, type TrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { createDice } from '../support/dice.ts';
import { createWorld, type World } from '../support/world.ts';
import { fillTenant } from './twin/rows.ts';
import { nothingCompared, runTwin, type TwinOptions, type TwinResult } from './twin/twin.ts';

// As many as wanted: TWIN_PAIRS=200000 TWIN_SEED=1 npx vitest run test/consistency/twin.test.ts
const pairs = Number(process.env.TWIN_PAIRS ?? 20_000);
const seed = Number(process.env.TWIN_SEED ?? Date.now() % 1_000_000);
const timeoutMs = 60_000 + pairs * 30;

/** Rows wear out under random changes, and become alike: a world serves for so many pairs. */
const pairsPerWorld = 5_000;

let world: World;
let tracked: TrackedTables;

async function renewWorld(rows: number): Promise<void> {
  await world?.close();
  world = await createWorld();
  const { owner } = world.database;
  // Few rows are many here, so that changes collapse to their type often.
  await owner.query(
    'CREATE OR REPLACE FUNCTION change_collapse_rows() RETURNS integer LANGUAGE sql IMMUTABLE RETURN 8',
  );
  const dice = createDice(rows);
  for (const tenant of [world.acme, world.globex]) await fillTenant(owner, tenant, dice);
  tracked = await loadTrackedTables(world.app.pool);
}
afterAll(() => world.close());

type Within = Omit<TwinOptions, 'world' | 'tracked' | 'seed' | 'pairs'>;

/** Compares in one world after the other, until enough pairs are compared or something stale is found. */
async function runTwins(wanted: number, within: Within = {}, prepare = async () => {}): Promise<TwinResult> {
  const total = nothingCompared();
  for (let turn = seed; total.pairs < wanted && total.stale.length === 0; turn += 1) {
    await renewWorld(turn);
    await prepare();
    const pairsHere = Math.min(pairsPerWorld, wanted - total.pairs);
    const { stale, ...counts } = await runTwin({ ...within, world, tracked, seed: turn, pairs: pairsHere });
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) total[name] += counts[name];
    total.stale.push(...stale);
  }
  return total;
}

it(
  `refuses every cached answer that a change has altered (${pairs} pairs, TWIN_SEED=${seed})`,
  async () => {
    const startedAt = performance.now();
    const total = await runTwins(pairs);
    console.log(summaryOf(total, performance.now() - startedAt));
    expect(total.stale).toEqual([]);
    expect(total.altered).toBeGreaterThan(pairs / 100);
    expect(total.refused).toBeLessThan(total.pairs / 3);
  },
  timeoutMs,
);

describe('the comparison would catch', () => {
  // Found within 2,000 pairs as a rule. So many that no seed is without luck for as long.
  const pairsAtMost = 50_000;
  const aboutTickets: Within = { mutations: 0, tables: ['tickets'], roots: ['tickets', 'ticket', 'dashboard'] };

  it.each([
    ['a change that is not logged', 'update', /^DECLARE.*/s, 'BEGIN RETURN NULL; END'],
    ['a change whose rows are logged only as they became', 'update', /old_rows/g, 'new_rows'],
    ['a deletion that names the row but not its partitions', 'delete', /'P:ticket:[^']*'/g, `'P:none'`],
    ['very many rows that are not told by their type', 'update', /ARRAY\['L:ticket', 'A:ticket'\]/, `'{L:ticket}'`],
  ])(
    `%s (TWIN_SEED=${seed})`,
    async (_what, event, wrong, instead) => {
      const make = () => breakTrigger(`log_${event}_tickets`, wrong, instead);
      expect((await runTwins(pairsAtMost, aboutTickets, make)).stale).not.toEqual([]);
    },
    timeoutMs,
  );

  it(
    `a read that is narrowed by what no change is logged by (TWIN_SEED=${seed})`,
    async () => {
      const narrowing: Narrowing = { column: 'status', kind: 'text', prefix: 'P:ticket:status=' };
      const narrow = async () => {
        const ticket = tracked.tables.get('tickets');
        if (!ticket) throw new Error('Tickets are not tracked.');
        const wrong = { ...ticket, narrowings: [...ticket.narrowings, narrowing] };
        tracked = { ...tracked, tables: new Map([...tracked.tables, ['tickets', wrong]]) };
      };
      expect((await runTwins(pairsAtMost, aboutTickets, narrow)).stale).not.toEqual([]);
    },
    timeoutMs,
  );
});

async function breakTrigger(name: string, right: RegExp, wrong: string): Promise<void> {
  const { owner } = world.database;
  const { rows } = await owner.query('SELECT prosrc AS body FROM pg_proc WHERE proname = $1', [name]);
  const body: string = rows[0].body.trim();
  expect(body).toMatch(right);
  await owner.query(
    `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $x$ ${body.replace(right, wrong)} $x$`,
  );
}

function summaryOf(result: TwinResult, durationMs: number): string {
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  return [
    `twin, seed ${seed}: ${result.pairs} pairs of an answer and a change in ${(durationMs / 1000).toFixed(0)} s`,
    `  ${result.changes - result.failedChanges} changes, and ${result.failedChanges} that were refused`,
    `  ${result.altered} answers altered (${share(result.altered, result.pairs)}), of them stale if served: ${result.stale.length}`,
    `  ${result.refused} refused (${share(result.refused, result.pairs)}), of them in vain ${share(result.refusedInVain, result.refused)}`,
  ].join('\n');
}
