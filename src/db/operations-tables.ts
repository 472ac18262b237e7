import type { ColumnType, Generated } from 'kysely';

/** What a mutation answered to an Idempotency-Key. */
export interface IdempotencyKeysTable {
  person_id: string;
  key: string;
  path: string;
  request_hash: string;
  outcome: ColumnType<unknown, string | undefined, string>;
  created_at: Generated<Date>;
}

export interface AuditLogTable {
  id: string;
  actor_id: string | null;
  action: string;
  subjects: ColumnType<string[], unknown, never>;
  request_id: string | null;
  occurred_at: Generated<Date>;
}

declare module './tables.ts' {
  interface Tables {
    idempotency_keys: IdempotencyKeysTable;
    audit_log: AuditLogTable;
  }
}
