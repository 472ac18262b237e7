import type { Emit } from '../events.ts';
import type { ChangeLog, Pull, Seq, Tenant } from './change-log.ts';
import type { TagMap } from './tag-map.ts';

export interface SyncOptions {
  log: ChangeLog;
  tags: TagMap;
  /** Monotonic clock, in milliseconds. */
  monotonicMs: () => number;
  emit: Emit;
}

interface Batch {
  readonly tenants: Set<Tenant>;
  readonly done: Promise<void>;
  start(): void;
}

type Since = ReadonlyMap<Tenant, Seq | undefined>;

/**
 * Brings the tag map up to the head of the log: group commit, for reads. At most one pull is in flight and one is
 * queued; whoever asks while one is in flight waits for the queued one, because the one in flight was issued before
 * the read began and may miss what was acknowledged since.
 */
export class Sync {
  readonly #options: SyncOptions;
  #running = false;
  #queued: Batch | null = null;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Resolves once the log has been read up to at least where it stood when this was called. */
  sync(tenant: Tenant): Promise<void> {
    const batch = (this.#queued ??= createBatch((tenants) => this.#pull(tenants)));
    batch.tenants.add(tenant);
    if (!this.#running) this.#startQueued();
    return batch.done;
  }

  /** How old the knowledge of a tenant can be, in milliseconds, measured from the issue of its last pull. */
  stalenessMs(tenant: Tenant): number {
    const asOfMs = this.#options.tags.asOfMs(tenant);
    return asOfMs === undefined ? Number.POSITIVE_INFINITY : this.#options.monotonicMs() - asOfMs;
  }

  #startQueued(): void {
    const batch = this.#queued;
    if (!batch) return;
    this.#running = true;
    // Readers of this turn of the event loop still join: the pull is issued after all of them have begun.
    queueMicrotask(() => {
      this.#queued = null;
      batch.start();
    });
    void this.#startNextAfter(batch);
  }

  async #startNextAfter({ done }: Batch): Promise<void> {
    await done.catch(() => {}); // whoever waits for it is told; the next one starts all the same
    this.#running = false;
    this.#startQueued();
  }

  async #pull(tenants: ReadonlySet<Tenant>): Promise<void> {
    const { tags, monotonicMs, emit } = this.#options;
    const issuedAtMs = monotonicMs();
    const pull = await this.#read(new Map([...tenants].map((tenant) => [tenant, tags.applied(tenant)])));
    for (const tenant of tenants) {
      if (!pull.tenants.has(tenant)) throw new Error('The change log was asked about a tenant and said nothing of it.');
    }
    tags.apply(pull, issuedAtMs);
    const changes = [...pull.tenants.values()].reduce((sum, tenant) => sum + tenant.changes.length, 0);
    emit({ type: 'sync', tenants: tenants.size, changes, durationMs: monotonicMs() - issuedAtMs });
  }

  /** A log that ends before what is known of it is of a database put back in time: its history gets a new name. */
  async #read(since: Since): Promise<Pull> {
    const { log } = this.#options;
    const pull = await log.pull(since);
    if (!this.#hasGoneBack(pull, since)) return pull;
    await log.renewEpoch(pull.epoch);
    const renamed = await log.pull(since);
    if (this.#hasGoneBack(renamed, since)) throw new Error('The database went back in time under its old name.');
    return renamed;
  }

  #hasGoneBack({ epoch, tenants }: Pull, since: Since): boolean {
    if (epoch !== this.#options.tags.epoch) return false;
    return [...tenants].some(([tenant, { head }]) => head < (since.get(tenant) ?? 0));
  }
}

function createBatch(pull: (tenants: ReadonlySet<Tenant>) => Promise<void>): Batch {
  const tenants = new Set<Tenant>();
  let start: Batch['start'] = () => {};
  const done = new Promise<void>((resolve, reject) => {
    start = () => void pull(tenants).then(resolve, reject);
  });
  return { tenants, done, start };
}
