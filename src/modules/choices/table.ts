import type { Generated, Selectable } from 'kysely';

export interface ChoicesTable {
  id: string;
  kind: 'TICKET_CATEGORY' | 'JOB_TYPE' | 'ASSET_TYPE' | 'LEAVE_TYPE';
  key: string;
  label: string;
  position: Generated<number>;
  active: Generated<boolean>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type ChoiceRow = Selectable<ChoicesTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    choices: ChoicesTable;
  }
}
