/** A position in the change log: grows with every committed change of a tenant, in the order they became visible. */
export type Seq = number;

/** What a cached value depends on: `E:ticket:7`, `P:ticket:site=3`, `L:ticket`, `T:weather`. Opaque to the engine. */
export type Tag = string;

/**
 * A change with this tag is a change of everything the tenant has: a purge, at the same cost whatever the number of
 * entries, and in the log, so that no node misses it.
 */
export const everything: Tag = '*';

/** The tag of a soft purge: what depends on `tag` counts as expired, and stays for those who may be served that. */
export const softly = (tag: Tag): Tag => `~${tag}`;

/** Goes with the tag of a purge: nobody may be served what depends on it, whatever a policy says of what has changed. */
export const purged = (tag: Tag): Tag => `!${tag}`;

/** Whose data it is. Opaque to the engine; never empty. */
export type Tenant = string;

export interface Change {
  readonly seq: Seq;
  readonly tags: readonly Tag[];
}

export interface TenantChanges {
  /** The newest position of this tenant; 0 where nothing has ever changed. */
  readonly head: Seq;
  /** What changed after the position that was asked for, oldest first. */
  readonly changes: readonly Change[];
  /** False where the log was trimmed past the position asked for: some changes are not known any more. */
  readonly complete: boolean;
}

export interface Pull {
  /** Names this history. A database that was restored, or whose schema changed, has another one. */
  readonly epoch: string;
  readonly tenants: ReadonlyMap<Tenant, TenantChanges>;
}

/**
 * The authority: a log that writers append to in the transaction of their change. Caches are only ever blobs that are
 * checked against it.
 */
export interface ChangeLog {
  /**
   * What changed since these positions (undefined: everything is news, only the head is wanted). One statement for
   * all the tenants asked for, on the primary, begun after this call.
   */
  pull(since: ReadonlyMap<Tenant, Seq | undefined>): Promise<Pull>;
  /** Gives the history a new name: a stamp from beyond the head was seen, so the database has gone back in time. */
  renewEpoch(seen: string): Promise<void>;
}

/** A log that changes are appended to by the application itself, where no trigger does it. */
export interface AppendableChangeLog extends ChangeLog {
  /** Resolves with its position once every pull that is issued from then on brings the change. */
  append(tenant: Tenant, tags: readonly Tag[]): Promise<Seq>;
}
