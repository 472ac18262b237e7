import type { ChangeLog, Tenant } from './change-log.ts';
import type { Sync } from './sync.ts';
import type { Stamped, TagMap } from './tag-map.ts';

/**
 * Notices that the database has gone back in time under the cache (a file-system snapshot put back): an entry then
 * carries a stamp from beyond the log's head. The history gets a new name, and everything of the old one is refused.
 */
export class History {
  readonly #log: ChangeLog;
  readonly #tags: TagMap;
  readonly #sync: Sync;
  #checking = false;

  constructor(log: ChangeLog, tags: TagMap, sync: Sync) {
    this.#log = log;
    this.#tags = tags;
    this.#sync = sync;
  }

  /** Reads the log once more, which settles whether the entry was merely newer than what was known. */
  async check(tenant: Tenant, entry: Stamped): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      await this.#sync.sync(tenant);
      const isOfThisHistory = entry.epoch !== this.#tags.epoch || entry.stamp <= (this.#tags.applied(tenant) ?? 0);
      if (!isOfThisHistory) await this.#log.renewEpoch(entry.epoch);
    } finally {
      this.#checking = false;
    }
  }
}
