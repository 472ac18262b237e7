import type DataLoader from 'dataloader';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, rowLoader } from '../../graphql/loaders.ts';
import { reaches } from '../../graphql/viewer.ts';
import type { AssetRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    asset: DataLoader<string, AssetRow | null>;
  }
}

defineLoader('asset', (context) => rowLoader(context, 'assets'));

/** An asset the viewer may see; null for any other, as if it did not exist. */
export async function loadVisibleAsset(context: Context, id: string): Promise<AssetRow | null> {
  const asset = await context.loaders.asset.load(id);
  return asset && canSee(context, asset) ? asset : null;
}

function canSee({ viewer }: Context, asset: AssetRow): boolean {
  return reaches(viewer, 'assets:read', { siteId: asset.site_id, ownerIds: [asset.holder_id] });
}
