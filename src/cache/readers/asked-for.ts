import type { FindRequest } from '../cache.ts';
import type { Tenant } from '../coherence/change-log.ts';

/** Who was asked for what, for those who count. */
export function askedFor(tenant: Tenant, { operation, layer = 'response' }: FindRequest) {
  return { tenant, operation, layer } as const;
}
