import type { Held, Tag } from '../cache/index.ts';
import type { PersonId, TenantId } from '../ids.ts';

/** What those who look after the cache can do with it, beside what they write into the change log. */
export interface CacheManager {
  /** Counts what this node holds, and could still serve, of what depends on one of these tags. */
  count(tenantId: TenantId, tags: readonly Tag[], soft: boolean): Promise<Held>;
  /** Asks operations on behalf of people, so that their answers are there. Fails with a ValidationError for unknown ones. */
  warm(request: WarmRequest): Promise<WarmReport>;
  /** One line in the log: what was done or refused, and nothing about anybody. */
  tell(event: ManagedEvent): void;
}

export interface WarmRequest {
  tenantId: TenantId;
  requestId: string;
  /** Names of operations of `schema/operations`. */
  operations: readonly string[];
  /** Each operation gets those that it has. */
  variables: Readonly<Record<string, unknown>>;
  /** In the order of their worth: those at the end go without where there are too many. */
  viewers: readonly WarmViewer[];
}

export interface WarmViewer {
  personId: PersonId;
  /** Keys: what others must share to be answered the same. */
  roles: readonly string[];
  /** Whether answers that are for them alone are wanted: false where they stand for others. */
  isMeant: boolean;
}

export interface WarmReport {
  /** Answers that were made, and are kept now. */
  warmed: number;
  /** Answers that were there. */
  kept: number;
  skipped: readonly WarmSkip[];
}

export interface WarmSkip {
  operation: string;
  /** For whom. */
  roles: readonly string[];
  reason: SkipReason;
  /** More about it, for a person to read. */
  detail: string;
}

/**
 * uncacheable: its answer is never kept. personal: it is for one person alone. refused: the viewer may not ask it, or its
 * variables are wrong. failed: it could not be made. limit: it was one too many. deadline: the time was up.
 */
export type SkipReason = 'uncacheable' | 'personal' | 'refused' | 'failed' | 'limit' | 'deadline';

export interface ManagedEvent {
  action: 'purge' | 'warm';
  tenantId: TenantId;
  via: 'person' | 'signed';
  requestId: string;
  /** Not carried out: the permission is lacking. @default false */
  refused?: boolean;
  /** What was asked for, and how much of it. */
  facts?: Readonly<Record<string, string | number | boolean>>;
}
