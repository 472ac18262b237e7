import type { ColumnType, Kysely } from 'kysely';
import type { Tag } from '../cache/index.ts';
import { newId, type PersonId } from '../ids.ts';
import type { Tables } from './tables.ts';

/** Who had it done: a person of the tenant, another system that signed its request, an operator at the command line. */
export type CacheActor =
  | { via: 'person'; personId: PersonId; requestId: string }
  | { via: 'signed'; signature: string; requestId: string }
  | { via: 'cli' };

export interface CacheAudit {
  action: 'purge' | 'warm';
  by: CacheActor;
  /** As it was asked. */
  asked: object;
  tags?: readonly Tag[];
  soft?: boolean;
  dryRun?: boolean;
  /** What came of it, as it was answered. */
  outcome: object;
  at: Date;
}

export interface CacheAuditsTable {
  id: string;
  action: 'purge' | 'warm';
  via: CacheActor['via'];
  actor_id: string | null;
  asked: ColumnType<unknown, string, never>;
  tags: ColumnType<string[], string[], never>;
  soft: boolean;
  dry_run: boolean;
  outcome: ColumnType<unknown, string, never>;
  signature: string | null;
  request_id: string | null;
  at: Date;
}

declare module './tables.ts' {
  interface Tables {
    cache_audits: CacheAuditsTable;
  }
}

/** Writes down who purged or warmed what, in the transaction that does it. Answers the id of the record. */
export async function auditCache(trx: Kysely<Tables>, audit: CacheAudit): Promise<string> {
  const { action, by, asked, tags = [], soft = false, dryRun = false, outcome, at } = audit;
  const id = newId();
  await trx
    .insertInto('cache_audits')
    .values({
      id,
      action,
      via: by.via,
      actor_id: by.via === 'person' ? by.personId : null,
      asked: JSON.stringify(asked),
      tags: [...tags],
      soft,
      dry_run: dryRun,
      outcome: JSON.stringify(outcome),
      signature: by.via === 'signed' ? by.signature : null,
      request_id: by.via === 'cli' ? null : by.requestId,
      at,
    })
    .execute();
  return id;
}
