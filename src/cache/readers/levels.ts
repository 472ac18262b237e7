import type { CacheOptions, FindRequest } from '../cache.ts';
import type { Tenant } from '../coherence/change-log.ts';
import type { Entry } from '../entry.ts';
import type { Level } from '../events.ts';
import { askedFor } from './asked-for.ts';

type Levels = Pick<CacheOptions, 'memory' | 'remote' | 'nowMs' | 'emit'>;

/**
 * Unless it may not be kept, or its time was over before it was made. An entry that was overtaken by a change meanwhile
 * carries an old stamp, and loses when it is checked.
 */
export function storeEntry({ memory, remote, emit }: Levels, tenant: Tenant, request: FindRequest, entry: Entry): void {
  if (entry.expiresAtMs <= entry.storedAtMs) return;
  const asked = askedFor(tenant, request);
  const stored = { type: 'store', ...asked, bytes: entry.body.byteLength, tags: entry.tags.length } as const;
  memory.set(tenant, request.key, entry);
  emit({ ...stored, level: 'L1' });
  // Nobody waits for the second level: the entry is right whether it arrives or not.
  void remote?.set(tenant, request.key, entry).then((done) => done && emit({ ...stored, level: 'L2' }));
}

export function tellHit({ nowMs, emit }: Levels, tenant: Tenant, request: FindRequest, hit: HitFacts): void {
  const { entry, level } = hit;
  const ageMs = Math.max(0, nowMs() - entry.storedAtMs);
  emit({ type: 'hit', ...askedFor(tenant, request), level, bytes: entry.body.byteLength, ageMs });
}

export interface HitFacts {
  readonly entry: Entry;
  readonly level: Level;
}
