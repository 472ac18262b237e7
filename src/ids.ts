import { v7 } from 'uuid';

declare const brand: unique symbol;

/** A tenant's id. Branded, so that no function can take some other string for it. */
export type TenantId = string & { readonly [brand]: 'TenantId' };
/** A person's id, unique within its tenant. */
export type PersonId = string & { readonly [brand]: 'PersonId' };

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuidPattern.test(value);
}

export function parseTenantId(value: unknown): TenantId | null {
  return isUuid(value) ? (value as TenantId) : null;
}

export function parsePersonId(value: unknown): PersonId | null {
  return isUuid(value) ? (value as PersonId) : null;
}

/** A new time-ordered uuid (version 7): rows created together lie together in the index. */
export function newId(): string {
  return v7();
}
