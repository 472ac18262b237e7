import DataLoader from 'dataloader';
import type { WarmReport } from '../../graphql/cache-manager.ts';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import '../../db/cache-audit.ts';

export interface PurgeAudit {
  tags: string[];
  soft: boolean;
  dryRun: boolean;
  outcome: { entriesHere?: number; bytesHere?: number };
}

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** By the id of its audit. */
    purgeAudit: DataLoader<string, PurgeAudit | null>;
    /** By the id of its audit. */
    warmAudit: DataLoader<string, WarmReport | null>;
  }
}

defineLoader(
  'purgeAudit',
  ({ db }) =>
    new DataLoader(async (ids) => {
      const rows = await db.read
        .selectFrom('cache_audits')
        .select(['id', 'tags', 'soft', 'dry_run as dryRun', 'outcome'])
        .where('id', 'in', ids)
        .execute();
      const found = inOrderOf(ids, rows, (row) => row.id);
      return found.map((row) => row && { ...row, outcome: row.outcome as PurgeAudit['outcome'] });
    }),
);

defineLoader(
  'warmAudit',
  ({ db }) =>
    new DataLoader(async (ids) => {
      const rows = await db.read.selectFrom('cache_audits').select(['id', 'outcome']).where('id', 'in', ids).execute();
      return inOrderOf(ids, rows, (row) => row.id).map((row) => (row?.outcome as WarmReport | undefined) ?? null);
    }),
);
