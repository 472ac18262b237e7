import type { Generated, Selectable } from 'kysely';

export interface TenantsTable {
  id: string;
  slug: string;
  name: string;
  /** IANA name, `Europe/Rome`. */
  time_zone: Generated<string>;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type TenantRow = Selectable<TenantsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    tenants: TenantsTable;
  }
}
