import type { ChangeLog, Tenant } from './change-log.ts';
import type { Sync } from './sync.ts';
import type { Stamped, TagMap } from './tag-map.ts';

/**
 * Entries from beyond what is known of the log: made just now by a node that knows more, or of a future that was lost
 * when the database went back in time (a file-system snapshot put back). Then the history gets a new name, and
 * everything of the old one is refused.
 */
export class History {
  readonly #log: ChangeLog;
  readonly #tags: TagMap;
  readonly #sync: Sync;
  #renaming: Promise<void> | null = null;

  constructor(log: ChangeLog, tags: TagMap, sync: Sync) {
    this.#log = log;
    this.#tags = tags;
    this.#sync = sync;
  }

  isAhead(tenant: Tenant, { epoch, stamp }: Stamped): boolean {
    const applied = this.#tags.applied(tenant); // of a tenant that was forgotten nothing is known
    return epoch === this.#tags.epoch && applied !== undefined && stamp > applied;
  }

  /** Reads the log once more, which settles whether the entry was merely newer than what was known. */
  async settle(tenant: Tenant, entry: Stamped): Promise<void> {
    await this.#sync.sync(tenant);
    if (!this.isAhead(tenant, entry)) return;
    this.#renaming ??= this.#log.renewEpoch(entry.epoch).finally(() => (this.#renaming = null));
    await this.#renaming;
  }
}
