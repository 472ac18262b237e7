import { countHeld, createCache, createMemoryStore, TagMap, type Computed } from '../src/cache/index.ts';
import { purge, type PurgeTarget } from '../src/db/cache-purge.ts';
import { createPostgresChangeLog } from '../src/db/change-log.ts';
import { migrate } from '../src/db/migrate.ts';
import { applicationRole, createPool } from '../src/db/pool.ts';
import { createTenantSession } from '../src/db/session.ts';
import { newId, type TenantId } from '../src/ids.ts';
import { median } from './median.ts';
import { startTemporaryDatabase } from './temporary-database.ts';

// How long a purge takes with a hundred times as many entries: until it is committed, and until the next read of a node
// that holds them is found to be a miss; and, apart, what it takes to count them for a dry run.
// npm run bench:purge [rounds, 200]
const [rounds = 200] = process.argv.slice(2).map(Number);
const sizes = [1_000, 100_000] as const;
const target = 1.2;
const emit = () => {};
const bodyBytes = 200;

const targets: readonly PurgeTarget[] = [{ kind: 'type', type: 'Ticket', ids: null }, { kind: 'tenant' }];

interface Node {
  tenantId: TenantId;
  size: number;
  purge: (target: PurgeTarget) => Promise<unknown>;
  /** The first read afterwards; answers whether it was a hit. */
  read: () => Promise<boolean>;
  /** Holds fresh answers again. */
  refill: () => Promise<void>;
  count: () => Promise<number>;
}

async function main(): Promise<void> {
  const database = await startTemporaryDatabase();
  const pool = { connectionString: database.connectionString, max: 2, onError: () => {} };
  const [owner, application] = [createPool({ ...pool, role: null }), createPool({ ...pool, role: applicationRole })];
  try {
    await migrate(owner);
    const nodes: Node[] = [];
    for (const size of sizes) {
      const tenantId = newId() as TenantId;
      const slug = `bench-${size}`;
      await owner.query(`INSERT INTO tenants (id, slug, name) VALUES ($1, $2, 'x')`, [tenantId, slug]);
      nodes.push(await fill(application, tenantId, size));
    }
    const [few, many] = nodes as [Node, Node];
    for (const purged of targets) await compare(few, many, purged);
    await Promise.all([few.refill(), many.refill()]);
    const counted = [await timeOf(few.count), await timeOf(many.count)] as const;
    console.log(`  a dry run counts ${few.size} entries in ${ms(counted[0])}, ${many.size} in ${ms(counted[1])}`);
    console.log(`Target: at most ${target} times as long.`);
  } finally {
    await Promise.all([owner.end(), application.end()]);
    await database.stop();
  }
}

async function compare(few: Node, many: Node, purged: PurgeTarget): Promise<void> {
  const times = new Map([few, many].map((node) => [node, { purge: [] as number[], read: [] as number[] }]));
  for (let round = -10; round < rounds; round += 1) {
    for (const node of round % 2 ? [few, many] : [many, few]) {
      const purging = await timeOf(() => node.purge(purged));
      const reading = await timeOf(async () => {
        if (await node.read()) throw new Error('The read after the purge was a hit.');
      });
      if (round < 0) continue; // warming up
      times.get(node)?.purge.push(purging);
      times.get(node)?.read.push(reading);
    }
  }
  const what = purged.kind === 'tenant' ? 'everything' : 'a type';
  for (const step of ['purge', 'read'] as const) {
    const [short, long] = [few, many].map((node) => median(times.get(node)?.[step] ?? [])) as [number, number];
    const ratio = long / short;
    const name = step === 'purge' ? `a purge of ${what}` : `the first read after a purge of ${what}`;
    const figures = `${ms(short)} with ${few.size} entries, ${ms(long)} with ${many.size}; median of ${rounds}`;
    console.log(`${ratio <= target ? ' ' : '!'} ${name.padEnd(42)} ${ratio.toFixed(2)}  (${figures})`);
  }
}

/** A node that holds so many answers, all of which depend on tickets. */
async function fill(pool: ReturnType<typeof createPool>, tenantId: TenantId, size: number): Promise<Node> {
  const clocks = { monotonicMs: () => performance.now(), nowMs: () => Date.now() };
  const here = { memory: createMemoryStore({ emit }), tags: new TagMap(), nowMs: clocks.nowMs };
  const log = createPostgresChangeLog({ pool, schemaHash: 'bench' });
  const cache = createCache({ ...here, ...clocks, log, remote: null, coherence: { mode: 'strict' }, emit });
  const keep = async (keys: readonly string[]) => {
    const reader = await cache.begin(tenantId);
    for (const key of keys) reader.keep({ key, operation: 'Tickets' }, answer(key));
  };
  await keep(names(size));
  const session = createTenantSession({ pool, tenantId });
  return {
    tenantId,
    size,
    purge: (purged) =>
      session.write((trx) =>
        purge(trx, { target: purged, soft: false, dryRun: false }, { by: { via: 'cli' }, now: new Date() }),
      ),
    async read() {
      const reader = await cache.begin(tenantId);
      const found = await reader.find({ key: 'answer 0', operation: 'Tickets' });
      reader.keep({ key: 'answer 0', operation: 'Tickets' }, answer('answer 0')); // for the next round
      return found !== null;
    },
    refill: () => keep(names(size)),
    async count() {
      const { entries } = await countHeld(here, { tenant: tenantId, tags: ['L:ticket'] });
      if (entries !== size) throw new Error(`It counted ${entries} of ${size} entries.`);
      return entries;
    },
  };
}

const names = (size: number) => Array.from({ length: size }, (_, index) => `answer ${index}`);

function answer(key: string): Omit<Computed, 'stamp'> {
  const body = Buffer.alloc(bodyBytes, key);
  return { body, meta: {}, tags: ['L:ticket', 'L:site', 'E:tenant:1', 'A:tenant'], ttlMs: 3_600_000 };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
}

await main();
