import type pg from 'pg';
import type { World } from '../../support/world.ts';
import { readsOf } from './freshfield-reads.ts';
import { prepareTenant, type CheckedTenant } from './freshfield-tenant.ts';
import { FreshfieldWrites } from './freshfield-writes.ts';
import type { Workload } from './workload.ts';

export interface FreshfieldWorkload extends Workload {
  readonly tenants: readonly CheckedTenant[];
  readonly writes: FreshfieldWrites;
}

/** Two tenants, alike, on this server's own schema. `owner`, of the tables, is who writes in SQL. */
export async function createFreshfieldWorkload({ acme, globex }: World, owner: pg.Pool): Promise<FreshfieldWorkload> {
  const tenants = [await prepareTenant(owner, acme), await prepareTenant(owner, globex)];
  const writes = new FreshfieldWrites(owner, tenants);
  return {
    tenants,
    writes,
    shapes: tenants.flatMap(readsOf),
    nextWrite: () => writes.next(),
    levelOf: ({ extensions }) => extensions?.cache?.level ?? null,
  };
}
