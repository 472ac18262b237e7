import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everything, TagMap, type Tag } from '../../src/cache/index.ts';
import { createFakeLog } from './fakes.ts';

const tags = ['a', 'b', 'c', 'd'] as const;
const tenants = ['acme', 'globex', 'initech'] as const;

type Happening =
  | { readonly do: 'change'; readonly tenant: string; readonly tags: readonly Tag[] }
  | { readonly do: 'pull'; readonly tenants: readonly string[] }
  | { readonly do: 'trim'; readonly tenant: string }
  | { readonly do: 'rename' }
  | { readonly do: 'purge'; readonly tenant: string };

const tenant = fc.constantFrom(...tenants);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('change'), tenant, tags: fc.subarray([...tags]) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pull'), tenants: fc.subarray([...tenants], { minLength: 1 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim'), tenant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge'), tenant }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rename') }) },
);

/** The whole story, kept naively: every change there ever was, and from where on each tenant's is known. */
class Oracle {
  readonly changes: { tenant: string; seq: number; tags: readonly Tag[] }[] = [];
  readonly knownFrom = new Map<string, number>();
  readonly knownTo = new Map<string, number>();

  isFresh(name: string, stamp: number, dependsOn: readonly Tag[]): boolean {
    const to = this.knownTo.get(name);
    if (to === undefined || stamp < (this.knownFrom.get(name) ?? 0)) return false;
    const since = this.changes.filter(({ tenant: of, seq }) => of === name && seq > stamp && seq <= to);
    return !since.some((change) => change.tags.some((tag) => tag === everything || dependsOn.includes(tag)));
  }
}

async function play(map: TagMap, story: readonly Happening[], check: (oracle: Oracle, epoch: string) => void) {
  const log = createFakeLog();
  const oracle = new Oracle();
  for (const happened of story) {
    if (happened.do === 'change') {
      const seq = log.change(happened.tenant, ...happened.tags);
      oracle.changes.push({ tenant: happened.tenant, seq, tags: happened.tags });
    }
    if (happened.do === 'trim') log.trim(happened.tenant);
    if (happened.do === 'rename') log.epoch += "'";
    if (happened.do === 'purge') {
      const seq = log.change(happened.tenant, everything);
      oracle.changes.push({ tenant: happened.tenant, seq, tags: [everything] });
    }
    if (happened.do === 'pull') {
      const since = new Map(happened.tenants.map((name) => [name, map.applied(name)]));
      const pull = await log.pull(since);
      if (pull.epoch !== map.epoch) {
        oracle.knownFrom.clear();
        oracle.knownTo.clear();
      }
      for (const [name, { head, complete }] of pull.tenants) {
        const from = oracle.knownFrom.get(name);
        if (from === undefined || !complete) oracle.knownFrom.set(name, Math.max(head, from ?? 0));
        oracle.knownTo.set(name, head);
      }
      map.apply(pull, 0);
    }
    if (map.epoch !== null) check(oracle, map.epoch);
  }
}

describe('what a node knows of the change log', () => {
  const subsets = [[], ['a'], ['b', 'c'], [...tags]];

  it('is what a naive list of all changes says, for every stamp and set of tags', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 30 }), async (story) => {
        const map = new TagMap();
        await play(map, story, (oracle, epoch) => {
          for (const name of tenants) {
            for (const dependsOn of subsets) {
              for (let stamp = 0; stamp <= oracle.changes.length; stamp += 1) {
                const isServed = map.refusal(name, { epoch, stamp, tags: dependsOn }) === null;
                expect(isServed).toBe(oracle.isFresh(name, stamp, dependsOn));
              }
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is never more than is true, however much of it is forgotten', async () => {
    const limits = fc.record({
      maxTagsPerTenant: fc.integer({ min: 0, max: 3 }),
      maxTags: fc.integer({ min: 0, max: 5 }),
      maxTenants: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 40 }), limits, async (story, options) => {
        const map = new TagMap(options);
        await play(map, story, (oracle, epoch) => {
          expect(map.size.tags).toBeLessThanOrEqual(options.maxTags);
          expect(map.size.tenants).toBeLessThanOrEqual(options.maxTenants);
          for (const name of tenants) {
            for (const dependsOn of subsets) {
              for (let stamp = 0; stamp <= oracle.changes.length; stamp += 1) {
                const isServed = map.refusal(name, { epoch, stamp, tags: dependsOn }) === null;
                if (isServed) expect(oracle.isFresh(name, stamp, dependsOn)).toBe(true);
              }
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('counts its tags right, so that the limits mean something', async () => {
    const map = new TagMap({ maxTagsPerTenant: 50, maxTags: 120, maxTenants: 4 });
    const log = createFakeLog();
    for (let round = 0; round < 200; round += 1) {
      const name = `tenant ${Math.floor(round / 10) % 6}`;
      log.change(name, ...Array.from({ length: 7 }, (_, index) => `tag ${(round * 5 + index) % 300}`));
      map.apply(await log.pull(new Map([[name, map.applied(name)]])), 0);
      expect(map.size.tags).toBeLessThanOrEqual(120);
      expect(map.size.tenants).toBeLessThanOrEqual(4);
    }
    expect(map.size.tags).toBeGreaterThan(0);
  });

  it('knows nothing of entries of another history, or of a tenant it has not heard of', async () => {
    const map = new TagMap();
    const log = createFakeLog();
    map.apply(await log.pull(new Map([['acme', undefined]])), 0);
    expect(map.refusal('acme', { epoch: 'another', stamp: 1, tags: [] })).toEqual({ reason: 'epoch' });
    expect(map.refusal('globex', { epoch: 'first', stamp: 1, tags: [] })).toEqual({ reason: 'epoch' });
  });
});
