import { TagMap, type Tag } from '../../../src/cache/index.ts';
import { createPostgresChangeLog } from '../../../src/db/change-log.ts';
import type { TrackedTables } from '../../../src/db/reads/tracked-tables.ts';
import type { Viewer } from '../../../src/graphql/viewer.ts';
import { createDice, type Dice } from '../../support/dice.ts';
import { createExecutor, type Execution } from '../../support/executor.ts';
import type { Role, World } from '../../support/world.ts';
import { makeChange, type Change } from './changes.ts';
import { randomQuery, type Ids } from './documents.ts';
import { idsOf } from './ids.ts';
import { writableTables, type Aim } from './statements.ts';

export interface TwinOptions {
  world: World;
  tracked: TrackedTables;
  seed: number;
  /** Stops after so many pairs of a query and a change. */
  pairs: number;
  /** Stops at so many answers that would have been stale. @default 1 */
  maxStale?: number;
  /** Root fields asked for. @default all */
  roots?: readonly string[];
  /** Tables that plain SQL writes to. @default all */
  tables?: readonly string[];
  /** How many of a hundred changes are mutations. @default 35 */
  mutations?: number;
}

/** An answer that a cache would have gone on serving though it had changed. */
export interface Stale {
  readonly query: string;
  readonly change: string;
  readonly before: string;
  readonly after: string;
  readonly tags: readonly Tag[];
}

export interface TwinResult {
  /** Of an answer that could be cached and a change that was made. */
  pairs: number;
  /** Pairs whose answer the change altered. */
  altered: number;
  /** Pairs whose cached answer would have been refused. */
  refused: number;
  /** Of those, the ones whose answer was the same: the price of being safe. */
  refusedInVain: number;
  changes: number;
  /** Changes that constraints or the application refused. */
  failedChanges: number;
  stale: Stale[];
}

const queriesPerRound = 100;
const changesPerRound = 20;
const atOnce = 6;

interface Asked {
  readonly viewer: Viewer;
  readonly text: string;
}

interface Cached extends Execution {
  readonly epoch: string;
}

/** Compares what a cache would serve after each change with what the twin without a cache answers. */
export async function runTwin(options: TwinOptions): Promise<TwinResult> {
  const { world, tracked, seed, pairs, maxStale = 1, roots, mutations = 35 } = options;
  const { pool } = world.app;
  const { owner } = world.database;
  const dice = createDice(seed);
  const executor = createExecutor({ pool, tracked });
  const log = createPostgresChangeLog({ pool, schemaHash: 'twin' });
  const tagMap = new TagMap();
  const tenants = [world.acme, world.globex];
  const queryFields = Object.keys(executor.schema.getQueryType()?.getFields() ?? {});
  const tables = await writableTables(owner, options.tables);
  const result = nothingCompared();

  const sync = async () => {
    const pull = await log.pull(new Map(tenants.map(({ id }) => [id, tagMap.applied(id)])));
    tagMap.apply(pull, performance.now());
  };
  const answer = async ({ viewer, text }: Asked): Promise<Cached> => ({
    epoch: tagMap.epoch ?? '',
    ...(await executor.run(viewer, text)),
  });
  const admins: { viewer: Viewer; ids: Ids }[] = [];
  for (const tenant of tenants) {
    admins.push({ viewer: await executor.viewerOf(tenant, tenant.people.admin), ids: new Map() });
  }
  const viewers = new Map<string, Viewer>();
  for (const tenant of tenants) {
    for (const role of roles) viewers.set(`${tenant.id} ${role}`, await executor.viewerOf(tenant, tenant.people[role]));
  }
  const done = () => result.pairs >= pairs || result.stale.length >= maxStale;

  while (!done()) {
    await sync();
    for (const admin of admins) admin.ids = await idsOf(owner, admin.viewer.tenantId);
    const focus = dice.some(roots ?? queryFields, 4); // else hardly a change would concern hardly a query
    const tried = Array.from({ length: queriesPerRound * 1.5 }, () => randomAsked(dice.chance(0.7) ? focus : roots));
    const answered = await inBatches(tried, answer);
    const usable = [...answered.keys()]
      .filter((index) => answered[index]?.errors.length === 0)
      .slice(0, queriesPerRound);
    const asked = usable.flatMap((index) => tried[index] ?? []);
    const cached = usable.flatMap((index) => answered[index] ?? []);
    for (let count = 0; count < changesPerRound && !done(); count += 1) {
      const likely = () => aimAt({ dice, tracked, asked, cached });
      const change = await makeChange({ owner, executor, dice, tables, admins, mutations, likely });
      result.changes += 1;
      const known = tenants.map(({ id }) => tagMap.applied(id)).join();
      await sync();
      if (change.failed) result.failedChanges += 1;
      // What was refused and left nothing in the log need not be looked at: it did nothing, or the next change tells.
      if (change.failed && known === tenants.map(({ id }) => tagMap.applied(id)).join()) continue;
      const fresh = await inBatches(asked, answer);
      for (const [index, query] of asked.entries()) compare(query, change, cached[index], fresh[index]);
      cached.splice(0, cached.length, ...fresh);
    }
  }
  return result;

  function randomAsked(among: readonly string[] | undefined): Asked {
    const { viewer: admin, ids } = dice.pick(admins);
    const viewer = viewers.get(`${admin.tenantId} ${dice.chance(0.5) ? 'admin' : dice.pick(roles)}`) ?? admin;
    return { viewer, text: randomQuery({ schema: executor.schema, dice, ids, roots: among }) };
  }

  function compare(
    { viewer, text }: Asked,
    change: Change,
    before: Cached | undefined,
    after: Cached | undefined,
  ): void {
    if (!before || !after || before.errors.length > 0) return; // answers with errors are not cached
    result.pairs += 1;
    const refused = tagMap.refusal(viewer.tenantId, before) !== null;
    const altered = before.body !== after.body || after.errors.length > 0;
    if (altered) result.altered += 1;
    if (refused) result.refused += 1;
    if (refused && !altered) result.refusedInVain += 1;
    if (altered && !refused) {
      result.stale.push({
        query: text,
        change: change.text,
        before: before.body,
        after: after.body,
        tags: before.tags,
      });
    }
  }
}

export function nothingCompared(): TwinResult {
  return { pairs: 0, altered: 0, refused: 0, refusedInVain: 0, changes: 0, failedChanges: 0, stale: [] };
}

const roles: readonly Role[] = ['admin', 'manager', 'agent', 'member'];

interface Answered {
  dice: Dice;
  tracked: TrackedTables;
  asked: readonly Asked[];
  cached: readonly Cached[];
}

/** Something that one of the answers was made from. Those narrowed by a value are few, and where mistakes are made. */
function aimAt({ dice, tracked, asked, cached }: Answered): Aim | null {
  if (cached.length === 0) return null;
  const index = dice.int(0, cached.length - 1);
  const tags = cached[index]?.tags ?? [];
  const partitions = tags.filter((tag) => tag.startsWith('P:'));
  const tenantId = asked[index]?.viewer.tenantId;
  if (!tenantId || tags.length === 0) return null;
  const tag = dice.pick(partitions.length > 0 && dice.chance(0.6) ? partitions : tags);
  for (const [table, declared] of tracked.tables) {
    if (!declared || declared.type !== tag.split(':')[1]) continue;
    const by = declared.narrowings.find(({ prefix }) => tag.startsWith(prefix));
    const value = by && tag.slice(by.prefix.length).replaceAll("'", "''");
    const text = by?.kind.startsWith('month') ? `to_char(${by.column}, 'YYYY-MM')` : `${by?.column}::text`;
    return { tenantId, table, where: by ? `${text} = '${value}'` : null, column: by?.column ?? null };
  }
  return null;
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
