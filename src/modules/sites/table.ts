import type { Generated, Selectable } from 'kysely';

export interface SitesTable {
  id: string;
  name: string;
  /** Short name on badges and labels, unique within the tenant. */
  code: string;
  address: string | null;
  active: Generated<boolean>;
  created_at: Generated<Date>;
}

export type SiteRow = Selectable<SitesTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    sites: SitesTable;
  }
}
