import type { Generated, Selectable } from 'kysely';

export interface CustomersTable {
  id: string;
  name: string;
  email: string | null;
  external_ref: string | null;
  created_at: Generated<Date>;
}

export type CustomerRow = Selectable<CustomersTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    customers: CustomersTable;
  }
}
