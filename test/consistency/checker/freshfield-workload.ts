import type { World } from '../../support/world.ts';
import { readsOf } from './freshfield-reads.ts';
import { prepareTenant, type CheckedTenant } from './freshfield-tenant.ts';
import { FreshfieldWrites } from './freshfield-writes.ts';
import type { Workload } from './workload.ts';

export interface FreshfieldWorkload extends Workload {
  readonly tenants: readonly CheckedTenant[];
  readonly writes: FreshfieldWrites;
}

/** Two tenants, alike, on this server's own schema. */
export async function createFreshfieldWorkload({ database, acme, globex }: World): Promise<FreshfieldWorkload> {
  const tenants = [await prepareTenant(database.owner, acme), await prepareTenant(database.owner, globex)];
  const writes = new FreshfieldWrites(database.owner, tenants);
  return {
    tenants,
    writes,
    shapes: tenants.flatMap(readsOf),
    nextWrite: () => writes.next(),
    levelOf: ({ extensions }) => extensions?.cache?.level ?? null,
  };
}
