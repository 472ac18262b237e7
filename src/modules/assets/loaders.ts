import DataLoader from 'dataloader';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import type { Placement } from '../../graphql/viewer.ts';
import { reaches } from '../../graphql/viewer.ts';
import type { AssetRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Assets the viewer may see; null for any other, as if it did not exist. */
    asset: DataLoader<string, AssetRow | null>;
  }
}

defineLoader(
  'asset',
  ({ db, viewer }) =>
    new DataLoader<string, AssetRow | null>(async (ids) => {
      const rows = await db.read.selectFrom('assets').selectAll().where('id', 'in', ids).execute();
      const visible = rows.filter((asset) => reaches(viewer, 'assets:read', placementOf(asset)));
      return inOrderOf(ids, visible, (asset) => asset.id);
    }),
);

/** What decides who may see and change an asset. */
export function placementOf(asset: Pick<AssetRow, 'site_id' | 'holder_id'>): Placement {
  return { siteId: asset.site_id, ownerIds: [asset.holder_id] };
}
