import {
  createCache,
  createMemoryStore,
  createRemoteStore,
  TagMap,
  type Coherence,
  type CoherentCache,
  type Computed,
  type Seq,
} from '../../../src/cache/index.ts';
import { createDatabase, type DatabaseFaults, type Row, type Step } from './database.ts';
import { createSecondLevel } from './second-level.ts';

export const tenants = ['acme', 'globex'] as const;
export type TenantName = (typeof tenants)[number];

/** One thing that somebody does. What follows in the same script happens after it; other scripts go on meanwhile. */
export type Action =
  | { readonly do: 'write'; readonly tenant: TenantName; readonly row: Row }
  | { readonly do: 'read' | 'find and keep'; readonly tenant: TenantName; readonly row: Row; readonly node: number }
  | { readonly do: 'write, then read own'; readonly tenant: TenantName; readonly row: Row; readonly node: number }
  | { readonly do: 'restart'; readonly node: number }
  | { readonly do: 'tick'; readonly ms: number }
  | { readonly do: 'trim' | 'replay' | 'back L2 up' | 'revert L2' | 'hang L2' };

interface Place {
  readonly tenant: TenantName;
  readonly row: Row;
  readonly node: number;
}

export interface Mistakes extends DatabaseFaults {
  /** The computation reads its data first and asks for the position afterwards. */
  readonly stampsLast?: boolean;
  /** The computation reads from the replica and calls it the primary's state. */
  readonly trustsReplica?: boolean;
  /** Who computes by himself keeps the result with a position that was asked for afterwards. */
  readonly keepsLate?: boolean;
  /** The server forgets to pass the client's token on. */
  readonly dropsTokens?: boolean;
}

export interface WorldOptions {
  readonly coherence: Coherence;
  readonly step: Step;
  readonly mistakes?: Mistakes;
}

/** Nodes over one database and one second level, everything real but those; answers what was served too old. */
export function createWorld({ coherence, step, mistakes = {} }: WorldOptions) {
  const clock = { ms: 0 };
  const database = createDatabase(step, mistakes);
  const secondLevel = createSecondLevel(step);
  const acknowledged: { tenant: TenantName; row: Row; version: number; atMs: number }[] = [];
  const stale: string[] = [];
  const counts = { reads: 0, hits: 0 };

  const startNode = (): CoherentCache => {
    const shared = { monotonicMs: () => clock.ms, nowMs: () => 1e12 + clock.ms, emit: () => {} };
    return createCache({
      log: database,
      memory: createMemoryStore({ emit: () => {} }),
      remote: createRemoteStore({
        ...shared,
        store: secondLevel,
        failuresToOpen: 2,
        openForMs: 5,
        startTimer(run) {
          let isOff = false;
          void step('a timer').then(() => isOff || run());
          return () => void (isOff = true);
        },
      }),
      coherence,
      tags: new TagMap({ maxTagsPerTenant: 1 }),
      ...shared,
    });
  };
  const nodes = [startNode(), startNode()];

  /** The version somebody was told about, that a read which begins now may not fall behind. */
  const entitledTo = (tenant: TenantName, row: Row): number => {
    const withinMs = coherence.mode === 'bounded' ? coherence.maxStalenessMs : -Infinity;
    const told = acknowledged.filter((ack) => ack.tenant === tenant && ack.row === row);
    return Math.max(0, ...told.filter((ack) => ack.atMs < clock.ms - withinMs).map((ack) => ack.version));
  };

  const compute =
    (tenant: TenantName, row: Row) =>
    async ({ primary }: { primary: boolean }): Promise<Computed> => {
      const look = () => (primary ? database.primary() : database.replica());
      const readStamp = async () => {
        await step('a stamp is read');
        return (mistakes.trustsReplica ? database.primary() : look()).head(tenant);
      };
      const readVersion = async () => {
        await step('data is read');
        return look().version(tenant, row);
      };
      let [stamp, version] = [0, 0];
      if (mistakes.stampsLast) version = await readVersion();
      stamp = await readStamp();
      if (!mistakes.stampsLast) version = await readVersion();
      await step('a computation ends');
      return { body: Buffer.from(`${tenant}.${row} ${version}`), meta: {}, stamp, tags: [row], ttlMs: 1_000 };
    };

  const check = (place: Place, body: Uint8Array, required: number, isHit: boolean) => {
    counts.reads += 1;
    counts.hits += isHit ? 1 : 0;
    const text = Buffer.from(body).toString();
    const [name, version] = text.split(' ');
    if (name === `${place.tenant}.${place.row}` && Number(version) >= required) return;
    stale.push(`node ${place.node} answered ${text} to one entitled to ${place.tenant}.${place.row} ${required}`);
  };

  const read = async (place: Place, own: { seq: Seq; version: number } = { seq: 0, version: 0 }) => {
    const { tenant, row, node } = place;
    const required = Math.max(entitledTo(tenant, row), own.version);
    const reader = await nodes[node]?.begin(tenant, mistakes.dropsTokens || own.seq === 0 ? undefined : own.seq);
    const result = await reader?.read({ key: row, operation: 'Q', compute: compute(tenant, row) });
    if (result) check(place, result.entry.body, required, result.status === 'HIT');
  };

  /** As somebody does who cannot hand over the computation: behind an interface of `get` and `set`. */
  const findAndKeep = async (place: Place) => {
    const { tenant, row, node } = place;
    const request = { key: row, operation: 'Q' };
    const required = entitledTo(tenant, row);
    const reader = await nodes[node]?.begin(tenant);
    const found = await reader?.find(request);
    if (found) return check(place, found.entry.body, required, true);
    const computed = await compute(tenant, row)({ primary: true });
    check(place, computed.body, required, false);
    const keeper = mistakes.keepsLate ? await nodes[node]?.begin(tenant) : reader;
    keeper?.keep(request, computed);
  };

  const act = async (action: Action): Promise<void> => {
    await step(action.do);
    switch (action.do) {
      case 'write': {
        const { tenant, row } = action;
        const { version } = await database.write(tenant, row);
        await step('the writer is told');
        return void acknowledged.push({ tenant, row, version, atMs: clock.ms });
      }
      case 'read':
        return read(action);
      case 'find and keep':
        return findAndKeep(action);
      case 'write, then read own': {
        const own = await database.write(action.tenant, action.row);
        await step('the writer reads');
        return read(action, own);
      }
      case 'restart':
        return void (nodes[action.node] = startNode());
      case 'tick':
        return void (clock.ms += action.ms);
      case 'trim':
        return database.trim();
      case 'replay':
        return database.replay();
      case 'back L2 up':
        return secondLevel.backUp();
      case 'revert L2':
        return secondLevel.revert();
      case 'hang L2':
        return secondLevel.hang();
    }
  };

  return {
    stale,
    counts,
    async play(script: readonly Action[]): Promise<void> {
      for (const action of script) await act(action);
    },
  };
}
