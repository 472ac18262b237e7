import type { Emit } from '../events.ts';
import type { ChangeLog, Seq, Tenant } from './change-log.ts';
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

/**
 * Brings the tag map up to the head of the log: group commit, for reads. At most one pull is in flight and one is
 * queued; whoever asks while one is in flight waits for the queued one, because the one in flight was issued before
 * the read began and may miss what was acknowledged since.
 */
export class Sync {
  readonly #options: SyncOptions;
  #running = false;
  #queued: Batch | null = null;
  /** When the last pull that succeeded was issued, for each tenant. */
  readonly #issuedAtMs = new Map<Tenant, number>();

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
    const issuedAt = this.#issuedAtMs.get(tenant);
    return issuedAt === undefined ? Number.POSITIVE_INFINITY : this.#options.monotonicMs() - issuedAt;
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
    const { log, tags, monotonicMs, emit } = this.#options;
    const issuedAtMs = monotonicMs();
    const since = new Map<Tenant, Seq | undefined>();
    for (const tenant of tenants) since.set(tenant, tags.applied(tenant));
    const pull = await log.pull(since);
    tags.apply(pull);
    for (const tenant of tenants) this.#issuedAtMs.set(tenant, issuedAtMs);
    const changes = [...pull.tenants.values()].reduce((sum, tenant) => sum + tenant.changes.length, 0);
    emit({ type: 'sync', tenants: tenants.size, changes, durationMs: monotonicMs() - issuedAtMs });
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
