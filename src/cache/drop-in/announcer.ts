import { everything, type AppendableChangeLog, type Tag, type Tenant } from '../coherence/change-log.ts';
import type { Emit } from '../events.ts';

export interface Announcer {
  /** Appends a change to the log; resolves when it is there, or could not be written for now. Never rejects. */
  announce(tenant: Tenant, tags: readonly Tag[]): Promise<void>;
  /** Whether every change of this tenant that this node has announced is in the log, as far as it can be put there. */
  hasTold(tenant: Tenant): Promise<boolean>;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

/** Tags that wait for a log that is away; more of a tenant become a change of everything. */
const maxWaiting = 10_000;

/**
 * Puts changes into the log in the background of a mutation that is over: it can fail no more, so the log is tried
 * until it has them. Meanwhile this node serves nothing of that tenant from its cache.
 */
export function createAnnouncer(log: AppendableChangeLog, emit: Emit, retryMs = 500): Announcer {
  /** What the log could not take; each set is replaced as a whole. */
  const waiting = new Map<Tenant, ReadonlySet<Tag>>();
  const writing = new Map<Promise<void>, Tenant>();
  let timer: NodeJS.Timeout | undefined;

  const keep = (tenant: Tenant, tags: readonly Tag[]) => {
    const kept = new Set([...(waiting.get(tenant) ?? []), ...tags]);
    waiting.set(tenant, kept.size > maxWaiting ? new Set([everything]) : kept);
    timer ??= setTimeout(() => void retry(), retryMs).unref();
  };

  const append = async (tenant: Tenant, tags: readonly Tag[]): Promise<void> => {
    try {
      await log.append(tenant, tags);
    } catch (error) {
      emit({ type: 'error', where: 'log append', error });
      keep(tenant, tags);
    }
  };

  const retry = async () => {
    timer = undefined;
    for (const [tenant, tags] of waiting) {
      await append(tenant, [...tags]);
      // A failure, or what came in meanwhile, has put another set in its place.
      if (waiting.get(tenant) === tags) waiting.delete(tenant);
    }
  };

  return {
    announce(tenant, tags) {
      const written = append(tenant, tags).finally(() => writing.delete(written));
      writing.set(written, tenant);
      return written;
    },
    async hasTold(tenant) {
      await Promise.all([...writing].filter(([, of]) => of === tenant).map(([written]) => written));
      return !waiting.has(tenant);
    },
    async settled() {
      await Promise.all(writing.keys());
    },
  };
}
