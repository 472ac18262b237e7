import { sql, type RawBuilder } from 'kysely';
import { reachOf, type Permission, type Viewer } from './viewer.ts';

export interface PlacementColumns {
  /** Qualified column of the record's site; null where records have none. */
  site: string | null;
  /** Qualified columns of the people whose own record it is. */
  owners: readonly string[];
}

/**
 * The condition that a list shows only what the viewer's permission reaches; the same rule as `reaches`, in SQL.
 * Fails with FORBIDDEN where the viewer does not have the permission at all.
 */
export function withinReach(viewer: Viewer, permission: Permission, columns: PlacementColumns): RawBuilder<boolean> {
  const reach = reachOf(viewer, permission);
  if (reach === 'any') return sql<boolean>`true`;
  const conditions = columns.owners.map((owner) => sql<boolean>`${sql.ref(owner)} = ${viewer.personId}`);
  if (reach === 'sites' && columns.site) {
    conditions.push(sql<boolean>`${sql.ref(columns.site)} = any(${viewer.siteIds}::uuid[])`);
  }
  return conditions.length === 0 ? sql<boolean>`false` : sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}
