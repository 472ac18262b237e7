import type { Change, ChangeLog, Pull, Seq, Tag, Tenant } from '../../src/cache/index.ts';

/** A change log in memory, with the same promises as the one in Postgres. Pulls can be held to act out races. */
export interface FakeLog extends ChangeLog {
  /** Commits a change; answers its position. */
  change(tenant: Tenant, ...tags: Tag[]): Seq;
  head(tenant: Tenant): Seq;
  /** Forgets everything up to the head but the newest change. */
  trim(tenant: Tenant): void;
  /** The database is put back as it was at this position, under the same name. */
  goBackTo(tenant: Tenant, seq: Seq): void;
  epoch: string;
  /** Pulls made so far. */
  pulls: number;
  failing: boolean;
}

export function createFakeLog(): FakeLog {
  const changes = new Map<Tenant, Change[]>();
  const trimmed = new Map<Tenant, Seq>();
  let seq = 0;
  const log: FakeLog = {
    epoch: 'first',
    pulls: 0,
    failing: false,
    change(tenant, ...tags) {
      seq += 1;
      changes.set(tenant, [...(changes.get(tenant) ?? []), { seq, tags }]);
      return seq;
    },
    head: (tenant) => changes.get(tenant)?.at(-1)?.seq ?? 0,
    trim(tenant) {
      const all = changes.get(tenant) ?? [];
      const before = all.at(-2);
      if (!before) return; // the newest is kept, however often it is trimmed
      trimmed.set(tenant, before.seq);
      changes.set(tenant, all.slice(-1));
    },
    goBackTo(tenant, to) {
      seq = to;
      changes.set(
        tenant,
        (changes.get(tenant) ?? []).filter((change) => change.seq <= to),
      );
    },
    async pull(since) {
      log.pulls += 1;
      if (log.failing) throw new Error('The database is away.');
      const tenants = new Map(
        [...since].map(([tenant, from]) => [
          tenant,
          {
            head: log.head(tenant),
            changes: from === undefined ? [] : (changes.get(tenant) ?? []).filter((change) => change.seq > from),
            complete: from !== undefined && from >= (trimmed.get(tenant) ?? 0),
          },
        ]),
      );
      return { epoch: log.epoch, tenants } satisfies Pull;
    },
    async renewEpoch(seen) {
      if (seen === log.epoch) log.epoch += "'";
    },
  };
  return log;
}
