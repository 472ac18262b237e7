import { describe, expect, it } from 'vitest';
import type { FieldRequest } from '../../src/graphql/field-cache/field-cache.ts';
import { createLearnedScopes } from '../../src/graphql/learned-scope.ts';
import type { Asker } from '../../src/graphql/observed-viewer.ts';
import type { PersonId, TenantId } from '../../src/ids.ts';
import { createFakeLog } from '../cache/fakes.ts';
import { createBlobs, createGate, createNode } from '../cache/node.ts';
import { createCells, openFieldRun, type CellSession, type FieldRun } from '../support/field-run.ts';

const start = Date.parse('2026-11-20T09:00:00Z');
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** One node, one database of cells, and a count of how often each value was made. */
function createWorld({ store = createBlobs(), log = createFakeLog(), cells = createCells(log) } = {}) {
  const node = createNode(log, { store });
  node.clock.ms = start;
  const scopes = createLearnedScopes();
  const made: string[] = [];
  const open = async (asker = anna, options: Partial<Parameters<typeof openFieldRun>[0]> = {}): Promise<FieldRun> => {
    const reader = await node.cache.begin(asker.viewer.tenantId);
    return openFieldRun({ cells, reader, asker, scopes, at: new Date(node.clock.ms), ...options });
  };
  /** A field that is the value of a cell. */
  const field = (cell: string, more: Partial<FieldRequest> & { waits?: Promise<void> } = {}): FieldRequest => ({
    coordinate: 'Thing.value',
    parent: { id: cell },
    args: {},
    maxAgeS: 60,
    async resolve({ context }) {
      made.push(cell);
      const value = await (context.db as CellSession).cell(cell);
      await more.waits;
      return value;
    },
    ...more,
  });
  return { node, log, cells, store, scopes, made, open, field };
}

const anna = askerOf('anna');
const ben = askerOf('ben');

function askerOf(personId: string, { tenantId = 'acme', siteIds = ['here'] } = {}): Asker {
  const tenant = { id: tenantId, name: tenantId, slug: tenantId, timeZone: 'UTC', version: 1 };
  const who = { tenantId: tenantId as TenantId, personId: personId as PersonId };
  return { locale: 'en', viewer: { ...who, tenant, roles: [], siteIds, permissions: new Map() } };
}

describe('a value that is kept', () => {
  it('is made once, for every run and node that may have it', async () => {
    const world = createWorld();
    const other = createWorld(world);
    world.cells.change('acme', 'a', 7);
    for (const { open, field } of [world, world, other, other]) {
      const run = await open();
      expect(await run.fields.resolve(field('a'))).toBe(7);
      expect([...run.whole.reads]).toEqual(['E:cell:a']);
    }
    expect([...world.made, ...other.made]).toEqual(['a']);
    expect(other.node.seen.filter(({ type }) => type === 'hit')).toMatchObject([{ level: 'L2' }, { level: 'L1' }]);
  });

  it('is made once for a hundred runs at once, and looked up once in each however often it is asked for', async () => {
    const { open, field, made, node } = createWorld();
    const runs = await Promise.all(Array.from({ length: 100 }, () => open()));
    const values = runs.flatMap((run) => [run.fields.resolve(field('a')), run.fields.resolve(field('a'))]);
    expect(await Promise.all(values)).toEqual(Array(200).fill(0));
    expect(made).toEqual(['a']);
    expect(node.seen.filter(({ type }) => type === 'miss')).toHaveLength(100);
  });

  it.each<[string, Partial<FieldRequest>, Partial<FieldRequest>, Asker?]>([
    ['field', { coordinate: 'Thing.one' }, { coordinate: 'Thing.other' }],
    ['parent', { parent: { id: '1' } }, { parent: { id: 1 } }],
    ['parent with a date', { parent: new Date(0) }, { parent: 'date:0' }],
    ['number that is none', { parent: NaN }, { parent: null }],
    ['argument', { args: { n: 1 } }, { args: { n: 2 } }],
    ['null from no argument', { args: { n: null } }, { args: {} }],
    ['order of a list', { args: { ids: ['a', 'b'] } }, { args: { ids: ['b', 'a'] } }],
    ['one person', { isPrivate: true }, { isPrivate: true }, ben],
    ['tenant', {}, {}, askerOf('anna', { tenantId: 'globex' })],
  ])('is told by its %s', async (_what, one, another, asker = anna) => {
    const { open, field, made } = createWorld();
    await (await open()).fields.resolve(field('a', one));
    await (await open(asker)).fields.resolve(field('a', another));
    expect(made).toHaveLength(2);
    await (await open()).fields.resolve(field('a', one));
    expect(made).toHaveLength(2);
  });

  it('is a value of its own for whoever gets it, and the same whether it was made or found', async () => {
    const { open, field, made } = createWorld();
    class Row {
      name = 'a';
    }
    const plain = () => ({ at: new Date(0), list: [1] as unknown[], by: new Map([['x', null]]), none: undefined });
    const value = { ...plain(), row: new Row() };
    const resolve = async () => (made.push('a'), value);
    for (let turn = 0; turn < 3; turn += 1) {
      const { fields } = await open();
      const [one, other] = (await Promise.all([1, 2].map(() => fields.resolve(field('a', { resolve }))))) as any[];
      expect(one).toStrictEqual({ ...plain(), row: { name: 'a' } });
      one.list.push('scribble');
      value.list.push('by its maker');
      expect(other).toStrictEqual({ ...plain(), row: { name: 'a' } });
    }
    expect(made).toEqual(['a']);
  });

  it('may be null or nothing, and is not made again for that', async () => {
    const { open, field, made } = createWorld();
    for (const nothing of [null, undefined]) {
      const resolve = async () => (made.push('nothing'), nothing);
      const request = field('a', { coordinate: `Thing.${nothing}`, resolve });
      for (let turn = 0; turn < 2; turn += 1) expect(await (await open()).fields.resolve(request)).toBe(nothing);
    }
    expect(made).toHaveLength(2);
  });

  it('that fails is not kept: the next run makes it', async () => {
    const { open, field } = createWorld();
    let turns = 0;
    const resolve = async () => {
      turns += 1;
      if (turns <= 2) throw new Error(`failed ${turns}`);
      return turns;
    };
    for (const failure of ['failed 1', 'failed 2']) {
      const { fields } = await open();
      // Within a run it fails once, for all who ask.
      for (let time = 0; time < 2; time += 1)
        await expect(fields.resolve(field('a', { resolve }))).rejects.toThrow(failure);
    }
    expect(await (await open()).fields.resolve(field('a', { resolve }))).toBe(3);
    expect(await (await open()).fields.resolve(field('a', { resolve }))).toBe(3);
  });

  it.each([
    ['a function', () => () => 1, /The value of Thing.value cannot be kept .*resolve it to plain data/],
    ['a promise inside', () => [Promise.resolve(1)], /cannot be kept/],
    ['a symbol', () => Symbol('x'), /cannot be kept/],
  ])('must be plain data: %s is refused, loudly', async (_what, resolve, message) => {
    const { open, field } = createWorld();
    await expect((await open()).fields.resolve(field('a', { resolve }))).rejects.toThrow(message);
  });

  it.each([
    ['a function', { id: 1, load: () => 1 }],
    ['a map', new Map()],
    ['something of a class', new URL('http://localhost')],
  ])('is of a parent that can be told from others: %s is refused', async (_what, parent) => {
    const { open, field } = createWorld();
    const message = /Thing.value is cached, but nothing tells one parent from another .*cached: \{ parent: \['id'\] \}/;
    await expect((await open()).fields.resolve(field('a', { parent }))).rejects.toThrow(message);
  });
});

describe('one snapshot', () => {
  it('is what a run answers from, though a newer value was kept before it looked', async () => {
    const { cells, open, field, made } = createWorld();
    cells.change('acme', 'a', 1);
    const early = await open();
    cells.change('acme', 'a', 2);
    const late = await open();
    expect(await late.fields.resolve(field('a'))).toBe(2);
    expect(await early.fields.resolve(field('a'))).toBe(1);
    expect(made).toHaveLength(2);
    // Nor does the older one, which was kept last, answer anybody who is entitled to the newer.
    expect(await (await open()).fields.resolve(field('a'))).toBe(2);
  });

  it('may find what is newer than itself, where nothing it depends on has changed between', async () => {
    const { cells, open, field, made } = createWorld();
    const early = await open();
    cells.change('acme', 'b', 2);
    await (await open()).fields.resolve(field('a'));
    expect(await early.fields.resolve(field('a'))).toBe(0);
    expect(made).toEqual(['a']);
  });

  it.each(['older', 'newer'])('is not mixed with what a run with an %s one is making', async (theirs) => {
    const { cells, open, field, made } = createWorld();
    cells.change('acme', 'a', 1);
    const early = await open();
    cells.change('acme', 'a', 2);
    const late = await open();
    const gate = createGate();
    const [first, second] = theirs === 'older' ? [early, late] : [late, early];
    const one = first.fields.resolve(field('a', { waits: gate.opened }));
    await settled();
    const other = second.fields.resolve(field('a'));
    await settled();
    gate.open();
    expect(await Promise.all([one, other])).toEqual(theirs === 'older' ? [1, 2] : [2, 1]);
    expect(made).toHaveLength(2);
  });

  it('does not depend on whoever was first: a run that breaks off takes nobody with it', async () => {
    const { open, field } = createWorld();
    const gate = createGate();
    const breaksOff = async () => {
      await gate.opened;
      throw new Error('its client has gone');
    };
    const first = (await open()).fields.resolve(field('a', { resolve: breaksOff }));
    await settled();
    const others = await Promise.all(Array.from({ length: 5 }, async () => (await open()).fields));
    const values = others.map((fields) => fields.resolve(field('a')));
    await settled();
    gate.open();
    await expect(first).rejects.toThrow('its client has gone');
    expect(await Promise.all(values)).toEqual(Array(5).fill(0));
  });

  it('is of one history: nothing is found or kept once the database has become another', async () => {
    const { log, node, open, field, made } = createWorld();
    const run = await open();
    log.epoch = 'second';
    await node.cache.begin('acme');
    expect(await run.fields.resolve(field('a'))).toBe(0);
    expect(node.seen.filter(({ type }) => type === 'store')).toEqual([]);
    await (await open()).fields.resolve(field('a'));
    expect(made).toEqual(['a', 'a']);
  });

  it('is answered from without anything kept where the log cannot be read', async () => {
    const { log, cells, node, open, field, made } = createWorld();
    cells.change('acme', 'a', 1);
    await (await open()).fields.resolve(field('a'));
    const early = await open();
    cells.change('acme', 'b', 1);
    const late = openFieldRun({
      cells,
      reader: await node.cache.begin('acme'),
      asker: anna,
      scopes: createLearnedScopes(),
      at: new Date(start),
    });
    cells.change('acme', 'a', 2);
    const newer = await open();
    log.failing = true;
    const bypassing = await open();
    for (const [run, value] of [
      [early, 1],
      [late, 1],
      [newer, 2],
      [bypassing, 2],
    ] as const) {
      expect(await run.fields.resolve(field('a'))).toBe(value);
      expect([...run.whole.reads]).toEqual(['E:cell:a']);
    }
    expect(made.length).toBeGreaterThan(1);
  });
});

describe('one instant', () => {
  const due = new Date(start + 1_000);
  const resolve: FieldRequest['resolve'] = ({ context }) => context.clock.isPast(due);

  it('is what a run answers for, though time has passed before it looked', async () => {
    const { node, open, field } = createWorld();
    const early = await open();
    node.clock.ms = due.getTime() + 1;
    const late = await open();
    expect(await late.fields.resolve(field('a', { resolve }))).toBe(true);
    expect(await early.fields.resolve(field('a', { resolve }))).toBe(false);
    expect([early.whole.holds, late.whole.holds]).toEqual([
      { fromMs: 0, untilMs: due.getTime() + 1 },
      { fromMs: due.getTime() + 1, untilMs: Number.POSITIVE_INFINITY },
    ]);
  });

  it('is told with what was found: the answer holds no longer than its values', async () => {
    const { open, field, node } = createWorld();
    await (await open()).fields.resolve(field('a', { resolve }));
    node.clock.ms += 500;
    const run = await open();
    await run.fields.resolve(field('a', { resolve: () => expect.fail('it was kept') }));
    expect(run.whole.holds).toEqual({ fromMs: 0, untilMs: due.getTime() + 1 });
    expect(run.expiresAtMs).toBe(due.getTime() + 1);
  });

  it('is not shared with a run for another, while the value is being made', async () => {
    const { node, open, field } = createWorld();
    const gate = createGate();
    const early = await open();
    const slow: FieldRequest['resolve'] = async (part) => {
      const value = resolve(part);
      await gate.opened;
      return value;
    };
    const one = early.fields.resolve(field('a', { resolve: slow }));
    await settled();
    node.clock.ms = due.getTime() + 1;
    const other = (await open()).fields.resolve(field('a', { resolve }));
    await settled();
    gate.open();
    expect(await Promise.all([one, other])).toEqual([false, true]);
  });

  it('ends a value that is not made from the time when its age does', async () => {
    const { node, open, field, made } = createWorld();
    await (await open()).fields.resolve(field('a'));
    node.clock.ms += 59_999;
    await (await open()).fields.resolve(field('a'));
    node.clock.ms += 1;
    await (await open()).fields.resolve(field('a'));
    expect(made).toHaveLength(2);
  });
});

describe('who asks', () => {
  const sites: FieldRequest['resolve'] = ({ context }) => context.viewer.siteIds.join();
  const there = askerOf('carl', { siteIds: ['there'] });

  it('is part of the key as far as the value was seen to depend on it', async () => {
    const { open, field, made } = createWorld();
    const resolve: FieldRequest['resolve'] = (part) => (made.push('x'), sites(part));
    for (const [asker, value] of [
      [anna, 'here'],
      [there, 'there'],
      [ben, 'here'],
      [there, 'there'],
    ] as const) {
      const run = await open(asker);
      expect(await run.fields.resolve(field('a', { resolve }))).toBe(value);
      expect([...run.whole.seen]).toEqual(['sites']); // found or made, the answer depends on it
    }
    expect(made).toHaveLength(2);
  });

  it('is told apart from the first time on, while all ask at once', async () => {
    const { open, field } = createWorld();
    const gate = createGate();
    const resolve: FieldRequest['resolve'] = async (part) => {
      await gate.opened;
      return sites(part);
    };
    const askers = Array.from({ length: 30 }, (_, index) => [anna, there, ben][index % 3]!);
    const values = await Promise.all(askers.map(async (asker) => (await open(asker)).fields));
    const asked = values.map((fields) => fields.resolve(field('a', { resolve })));
    await settled();
    gate.open();
    expect(await Promise.all(asked)).toEqual(askers.map(({ viewer }) => viewer.siteIds.join()));
  });

  it('is told apart where a value depends on them by what it reads', async () => {
    const { cells, open, field } = createWorld();
    const resolve: FieldRequest['resolve'] = async ({ context }) =>
      (await (context.db as CellSession).cell('a')) > 0 ? context.viewer.personId : 'anybody';
    const ask = async (asker: Asker) => (await open(asker)).fields.resolve(field('a', { resolve }));
    expect([await ask(anna), await ask(ben)]).toEqual(['anybody', 'anybody']);
    cells.change('acme', 'a', 1);
    expect([await ask(anna), await ask(ben), await ask(anna)]).toEqual(['anna', 'ben', 'anna']);
    cells.change('acme', 'a', 0);
    expect([await ask(anna), await ask(ben)]).toEqual(['anybody', 'anybody']);
  });
});

describe('a run that wants fresh values', () => {
  it('finds none, joins none that is being made, and keeps what it makes', async () => {
    const { open, field, made } = createWorld();
    await (await open()).fields.resolve(field('a'));
    const gate = createGate();
    const old = (await open(anna, { refresh: true })).fields.resolve(field('a', { waits: gate.opened }));
    await settled();
    const fresh = (await open(anna, { refresh: true })).fields.resolve(field('a', { resolve: async () => 'fresh' }));
    await settled();
    gate.open();
    expect([await old, await fresh]).toEqual([0, 'fresh']);
    expect(await (await open()).fields.resolve(field('a'))).not.toBe('again');
    expect(made).toEqual(['a', 'a']);
  });

  it('takes what is young enough', async () => {
    const { node, open, field, made } = createWorld();
    await (await open()).fields.resolve(field('a'));
    node.clock.ms += 5_000;
    await (await open(anna, { maxAgeMs: 5_000 })).fields.resolve(field('a'));
    expect(made).toHaveLength(1);
    await (await open(anna, { maxAgeMs: 4_999 })).fields.resolve(field('a'));
    expect(made).toHaveLength(2);
    await (await open(anna, { maxAgeMs: 4_999 })).fields.resolve(field('a'));
    expect(made).toHaveLength(2);
  });
});
