import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Sync } from '../../src/cache/coherence/sync.ts';
import { TagMap, type Coherence } from '../../src/cache/index.ts';
import { Flights } from '../../src/cache/flight.ts';
import { rows } from './schedules/database.ts';
import { createWorld, tenants, type Action, type Mistakes } from './schedules/world.ts';

/** `SCHEDULES=100000 npx vitest run test/consistency/schedules.test.ts` goes deeper; the seed makes a run again. */
const schedules = Number(process.env['SCHEDULES'] ?? 2_000);
const seed = Number(process.env['SCHEDULES_SEED'] ?? Date.now() % 2 ** 31);

const strict: Coherence = { mode: 'strict' };
const bounded: Coherence = { mode: 'bounded', maxStalenessMs: 10 };

describe(`the real engine, every step in an order of its own (SCHEDULES_SEED=${seed})`, () => {
  it.each([strict, bounded])(
    `serves nothing stale in ${schedules} schedules: %o`,
    { timeout: 3_600_000 },
    async (coherence) => {
      const totals = { reads: 0, hits: 0 };
      const outcome = await fc.check(schedule({ coherence, totals }), { numRuns: schedules, seed });
      expect(outcome.failed, fc.defaultReportMessage(outcome)).toBe(false);
      // A check of answers that are never from the cache would prove nothing.
      expect(totals.reads).toBeGreaterThan(schedules);
      expect(totals.hits / totals.reads).toBeGreaterThan(0.1);
    },
  );
});

describe(`a mistake built in is caught within ${schedules} schedules`, () => {
  afterEach(() => vi.restoreAllMocks());

  const ofTheParts: [string, Mistakes, Coherence][] = [
    ['a pull that answers with what was read before it was asked for', { sharesPulls: true }, strict],
    ['numbers that are taken without a lock', { noLock: true }, strict],
    ['a log that does not say it was trimmed', { hidesTrims: true }, strict],
    ['a stamp taken after the data', { stampsLast: true }, strict],
    ["a replica's data under the primary's stamp", { trustsReplica: true }, strict],
    ['a result kept under a position asked for afterwards', { keepsLate: true }, strict],
    ['a token that is not passed on', { dropsTokens: true }, bounded],
  ];
  it.each(ofTheParts)('%s', { timeout: 120_000 }, async (_name, mistakes, coherence) => {
    await expectCaught(coherence, mistakes);
  });

  const ofTheEngine: [string, () => void, Coherence][] = [
    ['flights that are joined by anybody', joinAnyFlight, strict],
    ['readers that do not wait for the log', syncOnce, strict],
    ['a floor that is ignored', ignoreFloors, strict],
    ['tags that are ignored', ignoreTags, strict],
    ['a bound that is measured from later than the issue of a pull', overstateKnowledge, bounded],
  ];
  it.each(ofTheEngine)('%s', { timeout: 120_000 }, async (_name, breakEngine, coherence) => {
    breakEngine();
    await expectCaught(coherence, {});
  });
});

async function expectCaught(coherence: Coherence, mistakes: Mistakes): Promise<void> {
  const outcome = await fc.check(schedule({ coherence, mistakes }), { numRuns: schedules, seed, endOnFailure: true });
  expect(outcome.failed).toBe(true);
}

interface Play {
  coherence: Coherence;
  mistakes?: Mistakes;
  totals?: { reads: number; hits: number };
}

function schedule({ coherence, mistakes, totals }: Play) {
  return fc.asyncProperty(scripts, fc.scheduler(), async (played, scheduler) => {
    const step = (name: string) => scheduler.schedule(Promise.resolve(), name);
    const world = createWorld({ coherence, mistakes, step });
    const done = Promise.all(played.map((script) => world.play(script)));
    await scheduler.waitFor(done);
    if (totals) {
      totals.reads += world.counts.reads;
      totals.hits += world.counts.hits;
    }
    if (world.stale.length > 0) throw new Error(world.stale.join('\n'));
  });
}

const place = {
  // Mostly the same row of the same tenant: there the races are.
  tenant: fc.oneof({ weight: 4, arbitrary: fc.constant(tenants[0]) }, fc.constantFrom(...tenants)),
  row: fc.oneof({ weight: 1, arbitrary: fc.constant(rows[0]) }, fc.constantFrom(...rows)),
};
const node = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constantFrom(0, 1));
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('read'), ...place, node }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('find and keep'), ...place, node }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write'), ...place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('write, then read own'), ...place, node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart'), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tick'), ms: fc.constantFrom(1, 6, 11) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('trim') }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('replay', 'back L2 up', 'revert L2', 'hang L2') }) },
);
const scripts = fc.array(fc.array(action, { minLength: 2, maxLength: 6 }), { minLength: 2, maxLength: 4 });

/** The entitlement of whoever joins is not looked at. */
function joinAnyFlight(): void {
  const join = Reflect.get(Flights.prototype, 'join');
  vi.spyOn(Flights.prototype, 'join').mockImplementation(function (this: Flights<unknown>, key) {
    return join.call(this, key, -Infinity);
  });
}

/** Once a tenant is known, its log is not read again. */
function syncOnce(): void {
  const known = new WeakMap<Sync, Set<string>>();
  const sync = Reflect.get(Sync.prototype, 'sync');
  vi.spyOn(Sync.prototype, 'sync').mockImplementation(async function (this: Sync, tenant) {
    const tenantsKnown = known.get(this) ?? new Set();
    known.set(this, tenantsKnown);
    if (tenantsKnown.has(tenant)) return;
    await sync.call(this, tenant);
    tenantsKnown.add(tenant);
  });
}

function ignoreFloors(): void {
  const refusal = Reflect.get(TagMap.prototype, 'refusal');
  vi.spyOn(TagMap.prototype, 'refusal').mockImplementation(function (this: TagMap, tenant, entry) {
    const refused = refusal.call(this, tenant, entry);
    return refused?.reason === 'floor' ? null : refused;
  });
}

function ignoreTags(): void {
  const refusal = Reflect.get(TagMap.prototype, 'refusal');
  vi.spyOn(TagMap.prototype, 'refusal').mockImplementation(function (this: TagMap, tenant, entry) {
    return refusal.call(this, tenant, { ...entry, tags: [] });
  });
}

/** Knowledge counts from later than when it was asked for. */
function overstateKnowledge(): void {
  const apply = Reflect.get(TagMap.prototype, 'apply');
  vi.spyOn(TagMap.prototype, 'apply').mockImplementation(function (this: TagMap, pull, issuedAtMs) {
    apply.call(this, pull, issuedAtMs + 6);
  });
}
