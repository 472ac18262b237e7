import SchemaBuilder from '@pothos/core';
import DataLoader from 'dataloader';
import { execute, parse, type GraphQLSchema } from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { cacheControlPlugin } from '../../src/graphql/cache-control.ts';
import type { Context } from '../../src/graphql/context.ts';
import { cachedFieldPlugin } from '../../src/graphql/field-cache/cached-field.ts';
import { createLearnedScopes } from '../../src/graphql/learned-scope.ts';
import { defineLoader } from '../../src/graphql/loaders.ts';
import type { Asker } from '../../src/graphql/observed-viewer.ts';
import type { PersonId, TenantId } from '../../src/ids.ts';
import { createFakeLog } from '../cache/fakes.ts';
import { createBlobs, createNode } from '../cache/node.ts';
import { createCells, openFieldRun, type CellSession } from '../support/field-run.ts';

declare module '../../src/graphql/loaders.ts' {
  interface Loaders {
    cellOfTest: DataLoader<string, number>;
  }
}

interface Thing {
  id: string;
  title: string;
  factor: number;
}

/** What was loaded together, and which resolvers ran. */
let batches: (readonly string[])[] = [];
let ran: string[] = [];
beforeEach(() => {
  batches = [];
  ran = [];
});

defineLoader(
  'cellOfTest',
  ({ db }) =>
    new DataLoader<string, number>(async (ids) => {
      batches.push(ids);
      return Promise.all(ids.map((id) => (db as CellSession).cell(id)));
    }),
);

function createBuilder() {
  return new SchemaBuilder<{ Context: Context; DefaultFieldNullability: false }>({
    plugins: [cacheControlPlugin, cachedFieldPlugin],
    defaultFieldNullability: false,
    scopeAuth: { authScopes: () => ({}) }, // asked for by the types of a plugin that is not used here
  });
}

type Builder = ReturnType<typeof createBuilder>;

function thingType(builder: Builder) {
  const Row = builder.objectRef<{ id: string; note: string }>('Row').implement({
    fields: (t) => ({
      note: t.exposeString('note'),
      // Of what was kept, as usual: not kept itself.
      value: t.int({ resolve: ({ id }, _args, { loaders }) => loaders.cellOfTest.load(id) }),
    }),
  });
  const Named = builder.interfaceRef<{ id: string }>('Named').implement({
    fields: (t) => ({
      shout: t.string({
        cached: { maxAge: 60, parent: ['id'] },
        resolve: ({ id }) => (ran.push(`shout ${id}`), id.toUpperCase()),
      }),
    }),
  });
  return builder.objectRef<Thing>('Thing').implement({
    interfaces: [Named],
    fields: (t) => ({
      id: t.exposeID('id'),
      value: t.int({
        cached: { maxAge: 60, parent: ['id'] },
        resolve: ({ id }, _args, { loaders }) => loaders.cellOfTest.load(id),
      }),
      scaled: t.int({
        cached: { maxAge: 60 },
        args: { by: t.arg.int({ defaultValue: 2 }) },
        resolve: ({ id, factor }, { by }) => (ran.push(`scaled ${id}`), factor * (by ?? 0)),
      }),
      sneaking: t.string({ nullable: true, cached: { maxAge: 60, parent: ['id'] }, resolve: ({ title }) => title }),
      looking: t.string({
        nullable: true,
        cached: { maxAge: 60 },
        resolve: (_thing, _args, _context, info) => `${info.fieldName} ${info.fieldNodes.length}`,
      }),
      named: t.string({ cached: { maxAge: 60 }, resolve: (_thing, _args, _context, info) => info.fieldName }),
      row: t.field({
        type: Row,
        cached: { maxAge: 60, parent: ['id'] },
        resolve: ({ id }) => (ran.push(`row ${id}`), { id: `${id}b`, note: 'kept' }),
      }),
    }),
  });
}

function createSchema(things: Thing[]): GraphQLSchema {
  const builder = createBuilder();
  const ThingType = thingType(builder);
  builder.queryType({ fields: (t) => ({ things: t.field({ type: [ThingType], resolve: () => things }) }) });
  return builder.toSchema();
}

const things = (count: number): Thing[] =>
  Array.from({ length: count }, (_, index) => ({ id: `t${index}`, title: 'T', factor: index }));

function createWorld(list: Thing[], { store = countingStore(), log = createFakeLog(), cells = createCells(log) } = {}) {
  const node = createNode(log, { store });
  const scopes = createLearnedScopes();
  const schema = createSchema(list);
  const asker: Asker = {
    locale: 'en',
    viewer: {
      tenantId: 'acme' as TenantId,
      personId: 'anna' as PersonId,
      tenant: { id: 'acme', name: 'acme', slug: 'acme', timeZone: 'UTC', version: 1 },
      roles: [],
      siteIds: [],
      permissions: new Map(),
    },
  };
  const ask = async (query: string) => {
    const reader = await node.cache.begin('acme');
    const run = openFieldRun({ cells, reader, asker, scopes, at: new Date(node.clock.ms) });
    const result = await execute({ schema, document: parse(query), contextValue: run.context });
    return { data: result.data as any, errors: result.errors?.map(({ message }) => message), run };
  };
  return { ask, node, store, log, cells };
}

/** A second level that counts how it is asked. */
function countingStore() {
  const { blobs, ...store } = createBlobs();
  const asked = { get: 0, getMany: [] as number[] };
  return {
    asked,
    set: (...args: Parameters<typeof store.set>) => store.set(...args),
    get: async (id: string) => ((asked.get += 1), store.get(id)),
    async getMany(ids: readonly string[]) {
      asked.getMany.push(ids.length);
      return ids.map((id) => JSON.parse(blobs.get(id) ?? 'null'));
    },
  };
}

describe('a cached field of the objects of a list', () => {
  it('is looked up for all of them at once, and loaded for all that are missing at once', async () => {
    const world = createWorld(things(50));
    const other = createWorld(things(50), world);
    for (let index = 0; index < 50; index += 1) world.cells.change('acme', `t${index}`, index);
    const values = { things: things(50).map((_, index) => ({ value: index })) };
    expect((await world.ask('{ things { value } }')).data).toEqual(values);
    expect(batches.map(({ length }) => length)).toEqual([50]);
    const { data, run } = await other.ask('{ things { value } }');
    expect(data).toEqual(values);
    expect(batches).toHaveLength(1);
    expect(world.store.asked).toEqual({ get: 0, getMany: [50, 50] });
    expect(run.whole.reads.size).toBe(50);
  });

  it('is made again together, where they were made together: each depends on what any of them was made from', async () => {
    const { ask, cells } = createWorld(things(10));
    await ask('{ things { value } }');
    await ask('{ things { value } }');
    cells.change('acme', 't3', 7);
    expect((await ask('{ things { value } }')).data.things[3]).toEqual({ value: 7 });
    expect(batches.map(({ length }) => length)).toEqual([10, 10]);
  });

  it('is batched as ever where nothing can be looked up or kept', async () => {
    const { ask, log } = createWorld(things(20));
    log.failing = true;
    expect((await ask('{ things { value } }')).errors).toBeUndefined();
    expect(batches.map(({ length }) => length)).toEqual([20]);
  });

  it('keeps objects whole, so that what is selected of them resolves as usual', async () => {
    const { ask, cells } = createWorld(things(2));
    const query = (selection: string) => `{ things { row { ${selection} } } }`;
    expect((await ask(query('note'))).data.things).toEqual([{ row: { note: 'kept' } }, { row: { note: 'kept' } }]);
    cells.change('acme', 't1b', 5);
    expect((await ask(query('value'))).data.things).toEqual([{ row: { value: 0 } }, { row: { value: 5 } }]);
    expect(ran).toEqual(['row t0', 'row t1']);
  });
});

describe('what a cached field is made from', () => {
  it('is all of its parent, and its arguments with their defaults', async () => {
    const { ask } = createWorld([
      { id: 'a', title: 'T', factor: 1 },
      { id: 'a', title: 'T', factor: 3 },
    ]);
    expect((await ask('{ things { scaled } }')).data.things).toEqual([{ scaled: 2 }, { scaled: 6 }]);
    await ask('{ things { scaled(by: 2) } }');
    expect(ran).toHaveLength(2);
    expect((await ask('{ things { one: scaled(by: 1) other: scaled } }')).data.things[1]).toEqual({ one: 3, other: 6 });
    expect(ran).toHaveLength(4);
  });

  it('is no more of its parent than it names: two alike in that are one', async () => {
    const { ask } = createWorld([
      { id: 'a', title: 'one', factor: 1 },
      { id: 'a', title: 'other', factor: 2 },
    ]);
    expect((await ask('{ things { shout } }')).data.things).toEqual([{ shout: 'A' }, { shout: 'A' }]);
    expect(ran).toEqual(['shout a']);
    const { errors } = await ask('{ things { sneaking } }');
    expect(errors?.[0]).toBe('Thing.sneaking is cached by id of its parent: add "title" to cached.parent.');
  });

  it('is nothing that one request has and another has not, such as what is selected', async () => {
    const { ask } = createWorld(things(1));
    expect((await ask('{ things { looking } }')).errors).toEqual([
      'Thing.looking is cached, for every request alike: it cannot be made from info.fieldNodes. Leave out cached.',
    ]);
    expect((await ask('{ things { named } }')).data.things).toEqual([{ named: 'named' }]);
  });
});

describe('a schema is refused where a cached field', () => {
  const refused = (build: (builder: Builder) => void) => () => {
    const builder = createBuilder();
    builder.queryType({ fields: (t) => ({ nothing: t.boolean({ resolve: () => true }) }) });
    build(builder);
    builder.toSchema();
  };

  it.each<[string, (builder: Builder) => void, RegExp]>([
    [
      'does not say for how long',
      (builder) => builder.queryField('late', (t) => t.int({ cached: true, resolve: () => 1 })),
      /^Query.late is cached, but not for how long: write cached: \{ maxAge: <seconds> \}\.$/,
    ],
    [
      'is kept for no time at all',
      (builder) =>
        builder.queryField('late', (t) => t.int({ cacheControl: { maxAge: 0 }, cached: true, resolve: () => 1 })),
      /but not for how long/,
    ],
    [
      'is to say by its result how long that holds',
      (builder) =>
        builder.queryField('late', (t) =>
          t.int({ cacheControl: { maxAge: 60, dynamic: true }, cached: true, resolve: () => 1 }),
        ),
      /Query.late is cached, .* cannot say by cacheControl.dynamic/,
    ],
    [
      'changes something',
      (builder) => {
        builder.mutationType({
          fields: (t) => ({ change: t.int({ cached: { maxAge: 60 }, resolve: () => 1 }) }),
        });
      },
      /Mutation.change is cached, but only what is read can be kept/,
    ],
    [
      'is a connection',
      (builder) => {
        const Page = builder.objectRef<object>('ThingConnection').implement({
          fields: (t) => ({ pageInfo: t.boolean({ resolve: () => true }), totalCount: t.int({ resolve: () => 1 }) }),
        });
        builder.queryField('page', (t) => t.field({ type: Page, cached: { maxAge: 60 }, resolve: () => ({}) }));
      },
      /Query.page is cached, but what a connection holds depends on what is selected/,
    ],
    [
      'might hold what is never kept',
      (builder) => {
        const Person = builder.objectRef<object>('Person').implement({
          fields: (t) => ({ contact: t.string({ cacheControl: { maxAge: 0 }, resolve: () => 'secret' }) }),
        });
        builder.queryField('people', (t) => t.field({ type: [Person], cached: { maxAge: 60 }, resolve: () => [] }));
      },
      /Query.people is cached, and its value may hold Person.contact, which is never kept: resolve it to ids/,
    ],
  ])('%s', (_what, build, message) => {
    expect(refused(build)).toThrow(message);
  });

  it('though not where it is all right', () => {
    expect(
      refused((builder) =>
        builder.queryField('fine', (t) => t.int({ cacheControl: { maxAge: 60 }, cached: true, resolve: () => 1 })),
      ),
    ).not.toThrow();
  });
});
