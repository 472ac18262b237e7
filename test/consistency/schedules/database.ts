import type { ChangeLog, Pull, Seq, Tenant } from '../../../src/cache/index.ts';

/** Waits until the schedule lets this step happen. */
export type Step = (name: string) => Promise<void>;

export const rows = ['a', 'b'] as const;
export type Row = (typeof rows)[number];

interface Commit {
  readonly tenant: Tenant;
  readonly row: Row;
  readonly seq: Seq;
  readonly version: number;
}

/** A mistake built into the fakes on purpose. */
export interface DatabaseFaults {
  /** Sequence numbers are taken without a lock: a later one may become visible first. */
  readonly noLock?: boolean;
  /** A pull that is asked for while another runs is given that one's answer. */
  readonly sharesPulls?: boolean;
  /** The log does not say that it was trimmed. */
  readonly hidesTrims?: boolean;
}

/** What a read on the primary or on a replica sees at one moment. */
export interface Snapshot {
  head(tenant: Tenant): Seq;
  version(tenant: Tenant, row: Row): number;
}

export interface Database extends ChangeLog {
  /** Commits the next version of a row; answers its position and version, which nobody has been told yet. */
  write(tenant: Tenant, row: Row): Promise<Commit>;
  primary(): Snapshot;
  replica(): Snapshot;
  /** The replica replays one more commit. */
  replay(): void;
  /** Forgets all but the newest change of each tenant. */
  trim(): void;
}

export function createDatabase(step: Step, faults: DatabaseFaults = {}): Database {
  const commits: Commit[] = [];
  const trimmed = new Map<Tenant, Seq>();
  let seq = 0;
  let replayed = 0;
  let lock = Promise.resolve();
  let pulling: Promise<Pull> | null = null;

  const snapshotOf = (visible: readonly Commit[]): Snapshot => ({
    head: (tenant) => Math.max(0, ...visible.filter((commit) => commit.tenant === tenant).map((commit) => commit.seq)),
    version: (tenant, row) => visible.filter((commit) => commit.tenant === tenant && commit.row === row).length,
  });

  const seal = async (tenant: Tenant, row: Row): Promise<Commit> => {
    seq += 1;
    const sealed = seq;
    await step(`${tenant}.${row} sealed as ${sealed}`);
    const version = snapshotOf(commits).version(tenant, row) + 1;
    const commit = { tenant, row, seq: sealed, version };
    commits.push(commit);
    return commit;
  };

  const pull = async (since: ReadonlyMap<Tenant, Seq | undefined>): Promise<Pull> => {
    await step('a pull arrives');
    const visible = [...commits];
    const tenants = new Map(
      [...since].map(([tenant, from]) => {
        const oldest = trimmed.get(tenant) ?? 0;
        const changes = visible
          .filter((commit) => commit.tenant === tenant && commit.seq > (from ?? Infinity) && commit.seq > oldest)
          .map((commit) => ({ seq: commit.seq, tags: [commit.row] }))
          .toSorted((one, other) => one.seq - other.seq);
        const complete = from !== undefined && (from >= oldest || faults.hidesTrims === true);
        return [tenant, { head: snapshotOf(visible).head(tenant), changes, complete }] as const;
      }),
    );
    await step('a pull is answered');
    return { epoch: 'only', tenants };
  };

  return {
    write(tenant, row) {
      if (faults.noLock) return seal(tenant, row);
      const sealed = lock.then(() => seal(tenant, row));
      lock = sealed.then(() => undefined);
      return sealed;
    },
    primary: () => snapshotOf(commits.slice()),
    replica: () => snapshotOf(commits.slice(0, replayed)),
    replay: () => void (replayed = Math.min(replayed + 1, commits.length)),
    trim() {
      for (const { tenant } of commits) trimmed.set(tenant, Math.max(0, snapshotOf(commits).head(tenant) - 1));
    },
    async pull(since) {
      if (!faults.sharesPulls) return pull(since);
      pulling ??= pull(since).finally(() => (pulling = null));
      const shared = await pulling;
      return [...since.keys()].every((tenant) => shared.tenants.has(tenant)) ? shared : pull(since);
    },
    async renewEpoch() {
      throw new Error('This database never went back in time.');
    },
  };
}
