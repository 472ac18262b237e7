import type { Generated, Selectable } from 'kysely';

export const assetStatuses = ['IN_STOCK', 'IN_USE', 'IN_REPAIR', 'RETIRED', 'LOST'] as const;

export type AssetStatus = (typeof assetStatuses)[number];

export interface AssetsTable {
  id: string;
  name: string;
  /** The number on the sticker; unique within the tenant. */
  tag: string;
  serial_number: string | null;
  type_id: string | null;
  status: Generated<AssetStatus>;
  site_id: string | null;
  holder_id: string | null;
  external_ref: string | null;
  /** Calendar day. */
  purchased_on: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export type AssetRow = Selectable<AssetsTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    assets: AssetsTable;
  }
}
