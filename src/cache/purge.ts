import { setImmediate } from 'node:timers/promises';
import {
  everything,
  purged,
  softly,
  type AppendableChangeLog,
  type Seq,
  type Tag,
  type Tenant,
} from './coherence/change-log.ts';
import type { TagMap } from './coherence/tag-map.ts';
import { sizeOf } from './entry.ts';
import type { MemoryStore } from './stores/memory.ts';

/** What is purged: whatever depends on one of the tags, or all that the tenant has. */
export type PurgeRequest = ({ tenant: Tenant; tags: readonly Tag[] } | { tenant: Tenant; everything: true }) & {
  /** What is purged counts as expired, and stays for those who may be served that. @default false */
  soft?: boolean;
  /** Change nothing, only tell. @default false */
  dryRun?: boolean;
};

export interface Purged {
  /** What the entries that are purged depend on: one of these. */
  readonly tags: readonly Tag[];
  readonly soft: boolean;
  readonly dryRun: boolean;
  /** The position of the purge in the log: a read that knows it is answered with nothing older. Null of a dry run. */
  readonly seq: Seq | null;
  /** What this node held and could still serve; null where it was not asked to look. */
  readonly here: Held | null;
}

/** Entries of one node. */
export interface Held {
  readonly entries: number;
  readonly bytes: number;
}

/** What a node holds, and what it knows of the log. */
export interface HeldHere {
  memory: Pick<MemoryStore, 'entriesOf'>;
  tags: TagMap;
  /** Wall clock, in milliseconds since 1970. */
  nowMs: () => number;
}

export interface PurgeOptions {
  log: Pick<AppendableChangeLog, 'append'>;
  /** This node's, to count what is purged from it. @default nothing is counted */
  here?: HeldHere;
}

/** More tags than this are purged by fewer, wider ones. */
const maxTags = 500;
/** What a purge marks tags with. */
const marked = /^[~!]/;
/** Entries looked at in one turn of the event loop. */
const entriesPerTurn = 500;

/**
 * Purges by hand. Nothing is deleted: the purge is a change in the log, so it takes as long whatever is cached, and no
 * node and no second level can miss it. It is done when this resolves; a read that begins then is served none of it.
 * Rejects with a TypeError for what cannot be purged, and with what the log rejects with.
 */
export function createPurge({ log, here }: PurgeOptions): (request: PurgeRequest) => Promise<Purged> {
  return async (request) => {
    const { tenant, soft = false, dryRun = false } = request;
    const tags = tagsOf(request);
    const counted = here ? await countHeld(here, { tenant, tags, soft }) : null;
    const seq = dryRun ? null : await log.append(tenant, tagsOfPurge(tags, soft));
    return { tags, soft, dryRun, seq, here: counted };
  };
}

/** What a purge writes into the log. */
export function tagsOfPurge(tags: readonly Tag[], soft: boolean): Tag[] {
  return soft ? tags.map(softly) : tags.flatMap((tag) => (tag === everything ? [tag] : [tag, purged(tag)]));
}

/**
 * Counts what a node could still serve of what a purge is about. It looks at every entry of the tenant, a few at a time:
 * others have their turn in between.
 */
export async function countHeld(
  { memory, tags: known, nowMs }: HeldHere,
  { tenant, tags, soft = false }: { tenant: Tenant; tags: readonly Tag[]; soft?: boolean },
): Promise<Held> {
  const wanted = new Set(tags);
  const isAll = wanted.has(everything);
  let [entries, bytes, looked] = [0, 0, 0];
  for (const [key, entry] of memory.entriesOf(tenant)) {
    looked += 1;
    if (looked % entriesPerTurn === 0) await setImmediate();
    if (!isAll && !entry.tags.some((tag) => wanted.has(tag))) continue;
    const isOver = nowMs() >= entry.expiresAtMs + entry.staleForMs;
    if (isOver || known.refusal(tenant, entry) || (soft && known.softPurge(tenant, entry))) continue; // so already
    entries += 1;
    bytes += sizeOf(key, entry);
  }
  return { entries, bytes };
}

function tagsOf(request: PurgeRequest): readonly Tag[] {
  const {
    tenant,
    tags = [],
    everything: isAll = false,
  } = request as {
    tenant: unknown;
    tags?: unknown;
    everything?: unknown;
  };
  if (typeof tenant !== 'string' || tenant === '') throw new TypeError('tenant: say whose entries, as a string.');
  if (!Array.isArray(tags)) throw new TypeError('tags: send a list of tags.');
  if ((isAll === true) === tags.length > 0) throw new TypeError('Send either tags, or everything: true.');
  if (isAll === true) return [everything];
  const distinct = [...new Set<unknown>(tags)];
  if (distinct.length > maxTags) throw new TypeError(`tags: send at most ${maxTags}; purge wider ones instead.`);
  const wrong = distinct.find((tag) => typeof tag !== 'string' || tag === '' || marked.test(tag));
  if (wrong !== undefined) throw new TypeError('tags: each is a string as entries have it; say soft: true, not "~".');
  return distinct as Tag[];
}
