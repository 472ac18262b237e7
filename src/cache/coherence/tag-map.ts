import type { Pull, Seq, Tag, Tenant, TenantChanges } from './change-log.ts';

/** What an entry says about the state it was made from. */
export interface Stamped {
  readonly epoch: string;
  /** The newest change it can be sure to have seen; taken before its data was read. */
  readonly stamp: Seq;
  readonly tags: readonly Tag[];
}

/** Why an entry may not be served; null where it may. */
export type Refusal = { readonly reason: 'epoch' | 'floor' } | { readonly reason: 'tag'; readonly tag: Tag };

export interface TagMapOptions {
  /** Tags remembered per tenant; the oldest are forgotten first, at the price of misses. @default 100000 */
  maxTagsPerTenant?: number;
}

interface TenantTags {
  applied: Seq;
  /** Entries stamped below this are refused whatever their tags: what changed before it is not remembered. */
  floor: Seq;
  /** Newest change of each tag, in the order of those changes (a changed tag moves to the end). */
  readonly tags: Map<Tag, Seq>;
}

/** What this node knows of the change log: for each tenant, when each tag last changed. */
export class TagMap {
  readonly #maxTags: number;
  readonly #tenants = new Map<Tenant, TenantTags>();
  #epoch: string | null = null;

  constructor({ maxTagsPerTenant = 100_000 }: TagMapOptions = {}) {
    this.#maxTags = maxTagsPerTenant;
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  /** Up to where the log of this tenant is known here; undefined before its first sync. */
  applied(tenant: Tenant): Seq | undefined {
    return this.#tenants.get(tenant)?.applied;
  }

  /** Takes in what a pull brought. */
  apply({ epoch, tenants }: Pull): void {
    if (epoch !== this.#epoch) {
      // Another history: nothing that was known of the old one says anything about this one.
      this.#tenants.clear();
      this.#epoch = epoch;
    }
    for (const [tenant, changes] of tenants) this.#applyTenant(tenant, changes);
  }

  /** Refuses every entry of a tenant made up to now: a purge, at the same cost whatever their number. */
  raiseFloor(tenant: Tenant, floor: Seq): void {
    const known = this.#tenants.get(tenant);
    if (known) known.floor = Math.max(known.floor, floor);
  }

  /** Whether an entry is as new as everything known here; `null` means it may be served. */
  refusal(tenant: Tenant, entry: Stamped): Refusal | null {
    const known = this.#tenants.get(tenant);
    if (!known || entry.epoch !== this.#epoch) return { reason: 'epoch' };
    if (entry.stamp < known.floor) return { reason: 'floor' };
    for (const tag of entry.tags) {
      const changed = known.tags.get(tag);
      if (changed !== undefined && changed > entry.stamp) return { reason: 'tag', tag };
    }
    return null;
  }

  #applyTenant(tenant: Tenant, { head, changes, complete }: TenantChanges): void {
    const known = this.#tenants.get(tenant);
    if (!known || !complete) {
      // A node that starts, or has fallen behind the trimmed log, cannot know what changed before: all of it might have.
      const floor = Math.max(head, known?.floor ?? 0);
      this.#tenants.set(tenant, { applied: Math.max(head, known?.applied ?? 0), floor, tags: new Map() });
      return;
    }
    for (const { seq, tags } of changes) {
      if (seq <= known.applied) continue; // an overlapping pull brought it already
      for (const tag of tags) {
        known.tags.delete(tag);
        known.tags.set(tag, seq);
      }
      known.applied = seq;
    }
    known.applied = Math.max(known.applied, head);
    this.#forgetOldest(known);
  }

  #forgetOldest(known: TenantTags): void {
    for (const [tag, seq] of known.tags) {
      if (known.tags.size <= this.#maxTags) return;
      known.tags.delete(tag);
      known.floor = Math.max(known.floor, seq);
    }
  }
}
