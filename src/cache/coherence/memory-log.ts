import { randomUUID } from 'node:crypto';
import type { AppendableChangeLog, Change, Tenant, TenantChanges } from './change-log.ts';

export interface MemoryLogOptions {
  /** Changes remembered for each tenant; readers that are further behind drop what they hold. @default 1000 */
  maxChanges?: number;
}

interface TenantLog {
  /** Newest last. */
  changes: Change[];
  /** Everything up to here is forgotten. */
  trimmed: number;
}

/**
 * A change log in this process, for a server that runs as one process and changes its data by itself. Its history is
 * new with every start: what another process stored is refused. Several processes need a log they share.
 */
export function createMemoryLog({ maxChanges = 1_000 }: MemoryLogOptions = {}): AppendableChangeLog {
  const logs = new Map<Tenant, TenantLog>();
  let epoch = randomUUID();
  let seq = 0;

  const changesSince = (tenant: Tenant, from: number | undefined): TenantChanges => {
    const { changes, trimmed } = logs.get(tenant) ?? { changes: [], trimmed: 0 };
    return {
      head: changes.at(-1)?.seq ?? 0,
      changes: from === undefined ? [] : changes.filter((change) => change.seq > from),
      complete: from !== undefined && from >= trimmed,
    };
  };

  return {
    // Nothing is waited for: the change is in the log before the caller gets the promise.
    async append(tenant, tags) {
      const log = logs.get(tenant) ?? { changes: [], trimmed: 0 };
      logs.set(tenant, log);
      seq += 1;
      log.changes.push({ seq, tags: [...tags] });
      if (log.changes.length > 2 * maxChanges) {
        log.trimmed = log.changes.at(-maxChanges - 1)?.seq ?? 0;
        log.changes = log.changes.slice(-maxChanges);
      }
      return seq;
    },
    async pull(since) {
      return { epoch, tenants: new Map([...since].map(([tenant, from]) => [tenant, changesSince(tenant, from)])) };
    },
    async renewEpoch(seen) {
      if (seen === epoch) epoch = randomUUID();
    },
  };
}
