import { expect, it } from 'vitest';
import { createClock } from '../../src/graphql/clock.ts';
import type { Context } from '../../src/graphql/context.ts';
import type { FieldRequest } from '../../src/graphql/field-cache/field-cache.ts';
import { createLearnedScopes, type LearnedScopes } from '../../src/graphql/learned-scope.ts';
import { aspectValue, type Aspect, type Asker } from '../../src/graphql/observed-viewer.ts';
import type { Holds } from '../../src/graphql/clock.ts';
import type { PersonId, TenantId } from '../../src/ids.ts';
import { createFakeLog } from '../cache/fakes.ts';
import { createBlobs, createNode } from '../cache/node.ts';
import { createDice, type Dice } from '../support/dice.ts';
import { createCells, openFieldRun, type CellSession, type FieldRun } from '../support/field-run.ts';

// FIELD_SEED=7 FIELD_WORLDS=1000 npx vitest run test/graphql/field-cache-model.test.ts
const seed = Number(process.env['FIELD_SEED'] ?? Date.now() % 1_000_000);
const worlds = Number(process.env['FIELD_WORLDS'] ?? 40);

type Resolve = (parent: Parent, args: Args, context: Context, cell: (name: string) => Promise<number>) => unknown;
interface Parent {
  id: string;
  offset: number;
}
interface Args {
  factor?: number | null;
}

/** What the fields of a schema may do: read, branch by what they read, look at who asks, and at the time. */
const fields: Record<string, Resolve> = {
  sum: async ({ offset }, { factor }, _context, cell) => [offset, factor, (await cell('a')) + (await cell('b'))],
  branching: async (_parent, _args, { viewer }, cell) =>
    (await cell('a')) % 2 === 0 ? viewer.personId : [viewer.permissions.get('tickets:read') ?? null, await cell('c')],
  sites: async ({ id }, _args, { viewer }, cell) => [id, viewer.siteIds.join(), await cell('c')],
  overdue: async (_parent, _args, { clock }, cell) => {
    const due = new Date(start + 10_000 * (await cell('due')));
    return (await cell('open')) % 3 === 0 ? null : clock.isPast(due);
  },
  today: async (_parent, _args, { clock }, cell) => [clock.today('Europe/Rome'), await cell('d')],
  minute: async (_parent, _args, { clock }) => clock.now.toISOString().slice(0, 16),
  rows: async ({ id }, _args, context, cell) => [
    { id, at: new Date(await cell('a')), none: null, by: new Map([['roles', context.viewer.roles]]) },
  ],
  locale: async (_parent, { factor }, context, cell) =>
    (await cell('b')) % 2 === 0 ? [context.locale, factor] : 'none',
  failing: async (_parent, _args, _context, cell) => {
    if ((await cell('b')) % 2 === 0) throw new Error('no such thing');
    return null;
  },
};
const cellNames = ['a', 'b', 'c', 'd', 'due', 'open'];
/** Two minutes before midnight in Rome. */
const start = Date.parse('2026-11-20T22:58:00Z');

const people: Asker[] = [
  askerOf({ personId: 'p1', siteIds: ['s1'], roles: ['agent'], reach: 'sites' }),
  askerOf({ personId: 'p2', siteIds: ['s1'], roles: ['agent'], reach: 'sites' }),
  askerOf({ personId: 'p3', siteIds: ['s1', 's2'], roles: ['admin'], reach: 'any' }),
  askerOf({ personId: 'p4', siteIds: [], roles: [], reach: null, locale: 'de' }),
  askerOf({ personId: 'p1', siteIds: ['s1'], roles: ['agent'], reach: 'sites', tenantId: 'globex' }),
];

/** An answer, and what it said it was made from: it may be served wherever that is still so. */
interface Kept {
  readonly what: Asked[];
  readonly values: unknown[];
  readonly asker: Asker;
  readonly seen: ReadonlySet<Aspect>;
  readonly tags: readonly string[];
  readonly stamp: number;
  readonly holds: Holds;
}

interface Asked {
  name: string;
  parent: Parent;
  args: Args;
}

it(`answers what a run without it answers, and says all that it depends on (${worlds} worlds, FIELD_SEED=${seed})`, async () => {
  const counted = { values: 0, hits: 0, joined: 0, kept: 0 };
  for (let turn = seed; turn < seed + worlds; turn += 1) await playWorld(createDice(turn), turn, counted);
  console.log(`field cache, seed ${seed}: ${JSON.stringify(counted)}`);
  expect(counted.hits).toBeGreaterThan(counted.values / 10);
  expect(counted.joined).toBeGreaterThan(worlds / 4);
  expect(counted.kept).toBeGreaterThan(worlds);
}, 120_000);

async function playWorld(dice: Dice, name: number, counted: Record<string, number>): Promise<void> {
  const log = createFakeLog();
  const cells = createCells(log);
  const store = createBlobs();
  const nodes = [createNode(log, { store }), createNode(log, { store })];
  const scopes = nodes.map(() => createLearnedScopes());
  for (const { clock } of nodes) clock.ms = start;
  const kept: Kept[] = [];

  const lanes = dice.int(1, 10);
  const steps = Array.from({ length: 60 }, () => {
    const which = dice.int(0, 19);
    if (which <= 1) return async () => change(dice, cells);
    if (which === 2) return async () => passTime(dice, nodes);
    return async () => {
      const node = dice.int(0, 1);
      const answer = await ask(dice, { node: nodes[node]!, scopes: scopes[node]!, cells });
      counted['values']! += answer.values.length;
      kept.push(answer);
    };
  });
  // Several at once, each of which waits wherever it may.
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      for (const [index, step] of steps.entries()) if (index % lanes === lane) await Promise.all([step(), pause(dice)]);
    }),
  );

  for (const { seen } of nodes) {
    counted['hits']! += seen.filter(({ type }) => type === 'hit').length;
    counted['joined']! += seen.filter(({ type }) => type === 'flight-join').length;
    expect(seen.filter(({ type }) => type === 'error')).toEqual([]);
  }
  const nowMs = Math.max(...nodes.map(({ clock }) => clock.ms));
  for (const answer of kept) {
    const { tenantId } = answer.asker.viewer;
    const { tenants } = await log.pull(new Map([[tenantId, answer.stamp]]));
    const changed = new Set(tenants.get(tenantId)?.changes.flatMap(({ tags }) => tags));
    if (answer.tags.some((tag) => changed.has(tag))) continue;
    // Whoever is like the one who asked, in all that was looked at, at any instant that the answer is said to hold for.
    for (const other of people) {
      const isAlike = [...answer.seen].every(
        (aspect) => aspectValue(other, aspect) === aspectValue(answer.asker, aspect),
      );
      if (other.viewer.tenantId !== tenantId || !isAlike) continue;
      for (const ms of [answer.holds.fromMs, answer.holds.untilMs - 1, nowMs]) {
        if (ms < answer.holds.fromMs || ms >= answer.holds.untilMs || ms === 0) continue;
        counted['kept']! += 1;
        const now = await withoutCache(cells.snapshot(tenantId), { asker: other, at: new Date(ms) }, answer.what);
        expect(answer.values, `world ${name}, for ${other.viewer.personId} at ${new Date(ms).toISOString()}`).toEqual(
          now,
        );
      }
    }
  }
}

type Place = { node: ReturnType<typeof createNode>; scopes: LearnedScopes; cells: ReturnType<typeof createCells> };

async function ask(dice: Dice, { node, scopes, cells }: Place): Promise<Kept> {
  const asker = dice.pick(people);
  const { tenantId } = asker.viewer;
  const reader = dice.chance(0.95) ? await node.cache.begin(tenantId) : null;
  await pause(dice);
  const at = new Date(node.clock.ms);
  const read = cells.snapshot(tenantId);
  const run = openFieldRun({
    cells,
    reader,
    asker,
    scopes,
    at,
    refresh: dice.chance(0.05),
    maxAgeMs: dice.chance(0.1) ? 5_000 : undefined,
    delay: () => pause(dice),
  });
  const what = Array.from({ length: dice.int(1, 5) }, () => asked(dice));
  const rounds = dice.chance(0.3) ? [what.slice(0, 2), what.slice(2)] : [what];
  const values: unknown[] = [];
  for (const round of rounds) values.push(...(await Promise.all(round.map((one) => outcome(resolve(dice, run, one))))));
  expect(values).toEqual(await withoutCache(read, { asker, at }, what));
  const { reads, seen, holds } = run.whole;
  return { what, values, asker, seen, holds, tags: [...reads], stamp: run.stamp };
}

function resolve(dice: Dice, run: FieldRun, { name, parent, args }: Asked): Promise<unknown> {
  const request: FieldRequest = {
    coordinate: `Thing.${name}`,
    parent,
    args,
    maxAgeS: dice.chance(0.1) ? 20 : 300,
    isBatched: dice.chance(0.5),
    isPrivate: name === 'sum' && parent.id === 'private',
    resolve: ({ context }) => fields[name]!(parent, args, context, (cell) => (context.db as CellSession).cell(cell)),
  };
  // Whoever gets a value may change it.
  return run.fields.resolve(request).then((value) => {
    const copy = structuredClone(value);
    if (Array.isArray(value)) value.push('scribble');
    return copy;
  });
}

/** What the fields answer by themselves, from what this snapshot holds. */
function withoutCache(read: (cell: string) => number, { asker, at }: { asker: Asker; at: Date }, what: Asked[]) {
  const context = { viewer: asker.viewer, clock: createClock(at), locale: asker.locale } as unknown as Context;
  return Promise.all(
    what.map(({ name, parent, args }) =>
      outcome(Promise.resolve(fields[name]!(parent, args, context, async (cell) => read(cell)))),
    ),
  );
}

const outcome = (value: Promise<unknown>) => value.catch((error: Error) => `failed: ${error.message}`);

function asked(dice: Dice): Asked {
  const parent = { id: dice.pick(['x', 'private']), offset: dice.chance(0.2) ? 1 : 0 };
  return {
    name: dice.pick(Object.keys(fields)),
    parent,
    args: dice.pick([{}, {}, { factor: null }, { factor: dice.int(0, 1) }]),
  };
}

function change(dice: Dice, cells: Place['cells']): void {
  cells.change(dice.pick(['acme', 'globex']), dice.pick(cellNames), dice.int(0, 12));
}

function passTime(dice: Dice, nodes: readonly { clock: { ms: number } }[]): void {
  // Clocks are not quite the same everywhere, and some are set back.
  for (const { clock } of nodes) clock.ms += dice.chance(0.1) ? -dice.int(0, 20_000) : dice.int(0, 30_000);
}

async function pause(dice: Dice): Promise<void> {
  for (let turns = dice.int(0, 3); turns > 0; turns -= 1) await new Promise((done) => setImmediate(done));
}

function askerOf(of: {
  personId: string;
  siteIds: string[];
  roles: string[];
  reach: 'any' | 'sites' | null;
  tenantId?: string;
  locale?: string;
}): Asker {
  const { personId, siteIds, roles, reach, tenantId = 'acme', locale = 'en' } = of;
  const tenant = { id: tenantId, name: tenantId, slug: tenantId, timeZone: 'Europe/Rome', version: 1 };
  const permissions = new Map(reach ? [['tickets:read', reach] as const] : []);
  return {
    locale,
    viewer: { tenantId: tenantId as TenantId, personId: personId as PersonId, tenant, roles, siteIds, permissions },
  };
}
