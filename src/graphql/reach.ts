import { expressionBuilder, sql, type AliasableExpression, type SqlBool } from 'kysely';
import { anyOf } from '../db/any-of.ts';
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
export function withinReach(
  viewer: Viewer,
  permission: Permission,
  columns: PlacementColumns,
): AliasableExpression<SqlBool> {
  const reach = reachOf(viewer, permission);
  if (reach === 'any') return sql<boolean>`true`;
  const conditions = columns.owners.map((owner) => anyOf(owner, [viewer.personId]));
  if (reach === 'sites' && columns.site) conditions.push(anyOf(columns.site, viewer.siteIds));
  // Built, not written: so what is read within reach is known to depend on these sites and owners alone.
  return expressionBuilder<never>().or(conditions);
}
