import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { loadTrackedTables, type Narrowing, type TrackedTables } from '../../src/db/reads/tracked-tables.ts';
import { createDice } from '../support/dice.ts';
import { createWorld, type World } from '../support/world.ts';
import { fillTenant } from './twin/rows.ts';
import { runTwin, type TwinResult } from './twin/twin.ts';

// As many as wanted: TWIN_PAIRS=200000 TWIN_SEED=1 npx vitest run test/consistency/twin.test.ts
const pairs = Number(process.env.TWIN_PAIRS ?? 20_000);
const seed = Number(process.env.TWIN_SEED ?? Date.now() % 1_000_000);
const timeoutMs = 60_000 + pairs * 30;

/** Rows wear out under random changes: a world serves for so many pairs. */
const pairsPerWorld = 10_000;

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
beforeEach(() => renewWorld(seed));
afterAll(() => world.close());

it(
  `refuses every cached answer that a change has altered (${pairs} pairs, TWIN_SEED=${seed})`,
  async () => {
    const startedAt = performance.now();
    const total: TwinResult = {
      pairs: 0,
      altered: 0,
      refused: 0,
      refusedInVain: 0,
      changes: 0,
      failedChanges: 0,
      stale: [],
    };
    for (let turn = seed; total.pairs < pairs && total.stale.length === 0; turn += 1) {
      if (turn > seed) await renewWorld(turn);
      const wanted = Math.min(pairsPerWorld, pairs - total.pairs);
      const { stale, ...counts } = await runTwin({ world, tracked, seed: turn, pairs: wanted });
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) total[name] += counts[name];
      total.stale.push(...stale);
    }
    console.log(summaryOf(total, performance.now() - startedAt));
    expect(total.stale).toEqual([]);
    expect(total.altered).toBeGreaterThan(pairs / 100);
    expect(total.refused).toBeLessThan(total.pairs / 3);
  },
  timeoutMs,
);

describe('the comparison would catch', () => {
  const aboutTickets = {
    seed,
    pairs: 20_000,
    mutations: 0,
    tables: ['tickets'],
    roots: ['tickets', 'ticket', 'dashboard'],
  };

  it.each([
    ['a change that is not logged', 'update', /^DECLARE.*/s, 'BEGIN RETURN NULL; END'],
    ['a change whose rows are logged only as they became', 'update', /old_rows/g, 'new_rows'],
    ['a deletion that names the row but not its partitions', 'delete', /'P:ticket:[^']*'/g, `'P:none'`],
    ['very many rows that are not told by their type', 'update', /ARRAY\['L:ticket', 'A:ticket'\]/, `'{L:ticket}'`],
  ])(
    '%s',
    async (_what, event, wrong, instead) => {
      const { owner } = world.database;
      const name = `log_${event}_tickets`;
      const { rows } = await owner.query('SELECT prosrc AS body FROM pg_proc WHERE proname = $1', [name]);
      const body: string = rows[0].body.trim();
      expect(body).toMatch(wrong);
      const define = (text: string) =>
        owner.query(
          `CREATE OR REPLACE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $x$ ${text} $x$`,
        );
      await define(body.replace(wrong, instead));
      try {
        expect((await runTwin({ ...aboutTickets, world, tracked })).stale.length).toBeGreaterThan(0);
      } finally {
        await define(body);
      }
    },
    timeoutMs,
  );

  it(
    'a read that is narrowed by what no change is logged by',
    async () => {
      const narrowing: Narrowing = { column: 'status', kind: 'text', prefix: 'P:ticket:status=' };
      const ticket = tracked.tables.get('tickets');
      if (!ticket) throw new Error('Tickets are not tracked.');
      const wrong = { ...ticket, narrowings: [...ticket.narrowings, narrowing] };
      const narrower: TrackedTables = { ...tracked, tables: new Map([...tracked.tables, ['tickets', wrong]]) };
      expect((await runTwin({ ...aboutTickets, world, tracked: narrower })).stale.length).toBeGreaterThan(0);
    },
    timeoutMs,
  );
});

function summaryOf(result: TwinResult, durationMs: number): string {
  const share = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
  return [
    `twin, seed ${seed}: ${result.pairs} pairs of an answer and a change in ${(durationMs / 1000).toFixed(0)} s`,
    `  ${result.changes - result.failedChanges} changes, and ${result.failedChanges} that were refused`,
    `  ${result.altered} answers altered (${share(result.altered, result.pairs)}), of them stale if served: ${result.stale.length}`,
    `  ${result.refused} refused (${share(result.refused, result.pairs)}), of them in vain ${share(result.refusedInVain, result.refused)}`,
  ].join('\n');
}
