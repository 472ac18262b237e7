import {
  everything,
  purged,
  softly,
  type Pull,
  type Seq,
  type Tag,
  type Tenant,
  type TenantChanges,
} from './change-log.ts';

/** What an entry says about the state it was made from. */
export interface Stamped {
  readonly epoch: string;
  /** The newest change it can be sure to have seen; taken before its data was read. */
  readonly stamp: Seq;
  readonly tags: readonly Tag[];
}

/** Why an entry may not be served; null where it may. */
export type Refusal = { readonly reason: 'epoch' | 'floor' } | { readonly reason: 'tag'; readonly tag: Tag };

/** Whatever is forgotten costs misses, never staleness. */
export interface TagMapOptions {
  /** Tags remembered per tenant; the oldest are forgotten first. @default 100000 */
  maxTagsPerTenant?: number;
  /** Tags remembered of all tenants together; whoever has most of them gives way. @default 1000000 */
  maxTags?: number;
  /** Tenants remembered; whose log has not been read for longest is forgotten first. @default 10000 */
  maxTenants?: number;
}

interface TenantTags {
  applied: Seq;
  /** Entries stamped below this are refused whatever their tags: what changed before it is not remembered. */
  floor: Seq;
  /** Monotonic clock, in milliseconds: when the pull that brought this was issued. */
  asOfMs: number;
  /** Newest change of each tag, in the order of those changes (a changed tag moves to the end). */
  readonly tags: Map<Tag, Seq>;
  /** Whether any of them was purged by hand: hardly ever, so that nobody else pays for it. */
  hasPurges: boolean;
}

/** What this node knows of the change log: for each tenant, when each tag last changed. */
export class TagMap {
  readonly #options: Required<TagMapOptions>;
  /** In the order of their last pulls. */
  readonly #tenants = new Map<Tenant, TenantTags>();
  #epoch: string | null = null;
  #tagCount = 0;

  constructor({ maxTagsPerTenant = 100_000, maxTags = 1_000_000, maxTenants = 10_000 }: TagMapOptions = {}) {
    this.#options = { maxTagsPerTenant, maxTags, maxTenants };
  }

  get epoch(): string | null {
    return this.#epoch;
  }

  /** Tags and tenants remembered. */
  get size(): { readonly tags: number; readonly tenants: number } {
    return { tags: this.#tagCount, tenants: this.#tenants.size };
  }

  /** Up to where the log of this tenant is known here; undefined before its first sync. */
  applied(tenant: Tenant): Seq | undefined {
    return this.#tenants.get(tenant)?.applied;
  }

  /** When what is known of this tenant was true, by the monotonic clock; undefined before its first sync. */
  asOfMs(tenant: Tenant): number | undefined {
    return this.#tenants.get(tenant)?.asOfMs;
  }

  /** Takes in what a pull brought, that was issued at `asOfMs`. */
  apply({ epoch, tenants }: Pull, asOfMs: number): void {
    if (epoch !== this.#epoch) {
      // Another history: nothing that was known of the old one says anything about this one.
      this.#tenants.clear();
      this.#tagCount = 0;
      this.#epoch = epoch;
    }
    for (const [tenant, changes] of tenants) this.#applyTenant(tenant, changes, asOfMs);
    this.#forget();
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

  /** The tag by which an entry was purged softly: it counts as expired. Null where it was not. */
  softPurge(tenant: Tenant, { stamp, tags }: Stamped): Tag | null {
    const known = this.#tenants.get(tenant);
    if (!known?.hasPurges) return null;
    return [everything, ...tags].find((tag) => (known.tags.get(softly(tag)) ?? -1) > stamp) ?? null;
  }

  /** Whether what has changed was purged by hand: then it is not served to those either who may be served something older. */
  wasPurged(tenant: Tenant, { stamp, tags }: Stamped): boolean {
    const known = this.#tenants.get(tenant);
    return known?.hasPurges === true && tags.some((tag) => (known.tags.get(purged(tag)) ?? -1) > stamp);
  }

  #applyTenant(tenant: Tenant, { head, changes, complete }: TenantChanges, asOfMs: number): void {
    const before = this.#tenants.get(tenant);
    this.#drop(tenant);
    // A node that starts, or has fallen behind the trimmed log, cannot know what changed before: all of it might have.
    const starts = !before || !complete;
    const known: TenantTags = starts
      ? {
          applied: before?.applied ?? 0,
          floor: Math.max(head, before?.floor ?? 0),
          asOfMs,
          tags: new Map(),
          hasPurges: false,
        }
      : before;
    known.asOfMs = asOfMs;
    for (const { seq, tags } of starts ? [] : changes) {
      if (seq <= known.applied) continue; // an overlapping pull brought it already
      for (const tag of tags) {
        known.tags.delete(tag);
        known.tags.set(tag, seq);
        known.hasPurges ||= tag.startsWith(softly('')) || tag.startsWith(purged(''));
      }
      if (tags.includes(everything)) known.floor = seq;
      known.applied = seq;
    }
    known.applied = Math.max(known.applied, head);
    this.#tenants.set(tenant, known);
    this.#tagCount += known.tags.size;
    this.#forgetOldest(known, this.#options.maxTagsPerTenant);
  }

  #forget(): void {
    for (const tenant of this.#tenants.keys()) {
      if (this.#tenants.size <= this.#options.maxTenants) break;
      this.#drop(tenant);
    }
    while (this.#tagCount > this.#options.maxTags) {
      const [fullest] = [...this.#tenants.values()].toSorted((one, other) => other.tags.size - one.tags.size);
      if (!fullest) return;
      this.#forgetOldest(fullest, Math.floor(fullest.tags.size / 2)); // by halves: the search is paid for rarely
    }
  }

  #drop(tenant: Tenant): void {
    this.#tagCount -= this.#tenants.get(tenant)?.tags.size ?? 0;
    this.#tenants.delete(tenant);
  }

  #forgetOldest(known: TenantTags, keep: number): void {
    for (const [tag, seq] of known.tags) {
      if (known.tags.size <= keep) return;
      known.tags.delete(tag);
      known.floor = Math.max(known.floor, seq);
      this.#tagCount -= 1;
    }
  }
}
