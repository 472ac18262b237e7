import { sql } from 'kysely';
import type { TenantSession } from '../../db/session.ts';
import type { PersonId } from '../../ids.ts';
import type { Permission, Reach, Viewer } from '../../graphql/viewer.ts';
import './table.ts';

const furthest: Record<Reach, number> = { own: 0, sites: 1, any: 2 };

/** Who is asking, in one statement; null where the person is unknown or no longer active. */
export async function loadViewer(session: TenantSession, personId: PersonId): Promise<Viewer | null> {
  const row = await session.read
    .selectFrom('people as person')
    .innerJoin('tenants as tenant', (join) => join.onTrue())
    .where('person.id', '=', personId)
    .where('person.active', '=', true)
    .select(['person.site_id', 'tenant.name', 'tenant.slug', 'tenant.time_zone'])
    .select((query) => [
      query
        .selectFrom('person_roles as held')
        .innerJoin('roles as role', 'role.id', 'held.role_id')
        .whereRef('held.person_id', '=', 'person.id')
        .select(sql<string[]>`coalesce(array_agg(role.key order by role.key), '{}')`.as('keys'))
        .as('roles'),
      query
        .selectFrom('person_roles as held')
        .innerJoin('role_permissions as granted', 'granted.role_id', 'held.role_id')
        .whereRef('held.person_id', '=', 'person.id')
        .select(
          sql<
            [Permission, Reach][]
          >`coalesce(jsonb_agg(jsonb_build_array(granted.permission, granted.reach)), '[]')`.as('pairs'),
        )
        .as('permissions'),
      query
        .selectFrom('person_sites as works_at')
        .whereRef('works_at.person_id', '=', 'person.id')
        .select(sql<string[]>`coalesce(array_agg(works_at.site_id), '{}')`.as('ids'))
        .as('site_ids'),
    ])
    .executeTakeFirst();
  if (!row) return null;

  const permissions = new Map<Permission, Reach>();
  for (const [permission, reach] of row.permissions ?? []) {
    const known = permissions.get(permission);
    if (!known || furthest[reach] > furthest[known]) permissions.set(permission, reach);
  }
  return {
    tenantId: session.tenantId,
    personId,
    tenant: { name: row.name, slug: row.slug, timeZone: row.time_zone },
    roles: row.roles ?? [],
    siteIds: [...new Set([row.site_id, ...(row.site_ids ?? [])].filter((id) => id !== null))],
    permissions,
  };
}
