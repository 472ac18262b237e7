import { sql, type Kysely } from 'kysely';
import { everything, tagsOfPurge, type Held, type Tag } from '../cache/index.ts';
import { ConflictError, ValidationError } from '../errors.ts';
import { announceTags, maxAnnouncedTags } from './announce-tags.ts';
import { auditCache, type CacheActor } from './cache-audit.ts';
import { isUniqueViolation } from './failures.ts';
import type { Tables } from './tables.ts';

/** What is to be purged: all that depends on a type, or on some of its rows, or on a name; or everything. */
export type PurgeTarget =
  /** `type` as GraphQL calls it, `LeaveRequest`; `ids`: uuids, null for all of the type. */
  | { readonly kind: 'type'; readonly type: string; readonly ids: readonly string[] | null }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'operation'; readonly operationName: string }
  | { readonly kind: 'tenant' };

export interface PurgeOrder {
  readonly target: PurgeTarget;
  /** It counts as expired, and stays for those who may be served that. */
  readonly soft: boolean;
  /** Change nothing, only tell. */
  readonly dryRun: boolean;
}

export interface PurgeBy {
  by: CacheActor;
  now: Date;
  /** Counts what this node holds of it. @default nothing is counted */
  count?: (tags: readonly Tag[], soft: boolean) => Promise<Held>;
}

export interface PurgeRecord {
  /** Of its audit. */
  readonly id: string;
  /** What was purged depends on one of these. */
  readonly tags: readonly Tag[];
  /** What this node held of it; null where that was not counted. */
  readonly here: Held | null;
}

/**
 * Purges, for the tenant of the transaction, when that commits: a change in the log, as quick whatever is cached, and
 * seen by the next read on every node. Written down whatever it was, a dry run too. Fails with a ValidationError for a
 * type there is none of, and with a ConflictError for a signature that was used before.
 */
export async function purge(trx: Kysely<Tables>, order: PurgeOrder, { by, now, count }: PurgeBy): Promise<PurgeRecord> {
  const { target, soft, dryRun } = order;
  const tags = await tagsOf(trx, target);
  const here = (await count?.(tags, soft)) ?? null;
  const { kind, ...named } = target;
  const asked = kind === 'tenant' ? { tenantWide: true } : named;
  const outcome = here ? { entriesHere: here.entries, bytesHere: here.bytes } : {};
  const audit = { action: 'purge', by, asked, tags, soft, dryRun, outcome, at: now } as const;
  const id = await auditCache(trx, audit).catch((error: unknown) => {
    if (!isUniqueViolation(error, 'cache_audits_tenant_id_signature_key')) throw error;
    throw new ConflictError('This signature was used before, so it is done already. Sign again to do it again.');
  });
  const written = dryRun ? [] : tagsOfPurge(tags, soft);
  for (let from = 0; from < written.length; from += maxAnnouncedTags) {
    await announceTags(trx, written.slice(from, from + maxAnnouncedTags));
  }
  return { id, tags, here };
}

/** The tag of every answer to the operations of this name; names that begin with the same 64 characters share it. */
export function operationTag(name: string): Tag {
  return `T:operation:${name.slice(0, 64)}`;
}

async function tagsOf(trx: Kysely<Tables>, target: PurgeTarget): Promise<Tag[]> {
  switch (target.kind) {
    case 'tenant':
      return [everything];
    case 'tag':
      return [`T:${target.tag}`];
    case 'operation':
      return [operationTag(target.operationName)];
    default:
      return tagsOfType(trx, target);
  }
}

/** For rows the same as a change of them would have, as they are now; for a type also what is narrowed within it. */
async function tagsOfType(trx: Kysely<Tables>, { type, ids }: PurgeTarget & { kind: 'type' }): Promise<Tag[]> {
  const name = await trackedType(trx, type);
  if (!ids) return [`L:${name}`, `A:${name}`];
  const rows = await sql<{ tag: Tag }>`select tag from tags_of_rows(${name}, ${[...ids]}::uuid[]) as tag`.execute(trx);
  const found = rows.rows.map(({ tag }) => tag);
  // Named one by one as well: that there is no such row may be cached, too.
  return [...new Set([...ids.map((id) => `E:${name}:${id}`), ...found, `L:${name}`])];
}

/** `LeaveRequest` is `leave_request` in tags. */
async function trackedType(trx: Kysely<Tables>, type: string): Promise<string> {
  const { rows } = await sql<{ type: string }>`
    select type from tracked_tables where 'id' = any (narrowings) order by type`.execute(trx);
  const known = new Map(rows.map((row) => [graphqlName(row.type), row.type]));
  const name = known.get(type);
  if (name) return name;
  throw new ValidationError([{ field: 'type', message: `Send one of ${[...known.keys()].join(', ')}.` }]);
}

function graphqlName(type: string): string {
  return type
    .split('_')
    .map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`)
    .join('');
}
