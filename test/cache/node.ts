import {
  createCache,
  createEvents,
  createMemoryStore,
  createRemoteStore,
  TagMap,
  type BlobStore,
  type CacheEvent,
  type CacheReader,
  type ChangeLog,
  type Coherence,
  type Computed,
  type TagMapOptions,
} from '../../src/cache/index.ts';
import type { FakeLog } from './fakes.ts';

export interface NodeOptions {
  store?: BlobStore | null;
  coherence?: Coherence;
  tags?: TagMapOptions;
}

/** A node with a clock of its own, over a log and a second level that nodes share. */
export function createNode(log: ChangeLog, options: NodeOptions = {}) {
  const { store, coherence = { mode: 'strict' } } = options;
  const tags = new TagMap(options.tags);
  const events = createEvents();
  const seen: CacheEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const clock = { ms: 1_000 };
  const times = { monotonicMs: () => clock.ms, nowMs: () => clock.ms };
  const memory = createMemoryStore({ emit: events.emit });
  const remote = store ? createRemoteStore({ store, ...times, emit: events.emit }) : null;
  const cache = createCache({ log, memory, remote, coherence, tags, ...times, emit: events.emit });
  return { cache, clock, seen, memory, tags };
}

/** A second level in memory that keeps text, like one in another process. */
export function createBlobs(): BlobStore & { blobs: Map<string, string> } {
  const blobs = new Map<string, string>();
  return {
    blobs,
    get: async (id) => JSON.parse(blobs.get(id) ?? 'null'),
    set: async (id, data) => void blobs.set(id, JSON.stringify(data)),
  };
}

/** A computation that answers what the database holds now, stamped first. */
export const computing = (log: FakeLog, text: () => string, tags: string[]) => async (): Promise<Computed> => {
  const stamp = log.head('acme');
  return { body: Buffer.from(text()), meta: {}, stamp, tags, ttlMs: 60_000 };
};

export const textOf = ({ entry }: Awaited<ReturnType<CacheReader['read']>>) => Buffer.from(entry.body).toString();

/** Something that happens when the test says so. */
export function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}
