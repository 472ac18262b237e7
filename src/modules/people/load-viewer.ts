import { sql } from 'kysely';
import type { TenantSession } from '../../db/session.ts';
import type { PersonId } from '../../ids.ts';
import { covers, type Permission, type Reach, type Viewer } from '../../graphql/viewer.ts';
import './table.ts';

/** Who is asking, in one statement; null where the person is unknown or no longer active. */
export async function loadViewer(session: TenantSession, personId: PersonId): Promise<Viewer | null> {
  const row = await session.read
    .selectFrom('people as person')
    .innerJoin('tenants as tenant', (join) => join.onTrue())
    .where('person.id', '=', personId)
    .where('person.active', '=', true)
    .select([
      'person.site_id',
      'tenant.name as tenant_name',
      'tenant.slug as tenant_slug',
      'tenant.time_zone as tenant_time_zone',
      'tenant.version as tenant_version',
    ])
    .select((query) => [
      query
        .selectFrom('person_roles as held')
        .innerJoin('roles as role', 'role.id', 'held.role_id')
        .whereRef('held.person_id', '=', 'person.id')
        .select(sql<string[]>`coalesce(array_agg(role.key order by role.key), '{}')`.as('keys'))
        .as('role_keys'),
      query
        .selectFrom('person_roles as held')
        .innerJoin('role_permissions as granted', 'granted.role_id', 'held.role_id')
        .whereRef('held.person_id', '=', 'person.id')
        .select(
          sql<
            [Permission, Reach][]
          >`coalesce(jsonb_agg(jsonb_build_array(granted.permission, granted.reach)), '[]')`.as('pairs'),
        )
        .as('grants'),
      query
        .selectFrom('person_sites as works_at')
        .whereRef('works_at.person_id', '=', 'person.id')
        .select(sql<string[]>`coalesce(array_agg(works_at.site_id), '{}')`.as('ids'))
        .as('other_site_ids'),
    ])
    .executeTakeFirst();
  if (!row) return null;

  const { tenant_name, tenant_slug, tenant_time_zone, tenant_version, role_keys, grants, other_site_ids } = row;
  return {
    tenantId: session.tenantId,
    personId,
    tenant: {
      id: session.tenantId,
      name: tenant_name,
      slug: tenant_slug,
      timeZone: tenant_time_zone,
      version: tenant_version,
    },
    roles: role_keys ?? [],
    siteIds: [...new Set([row.site_id, ...(other_site_ids ?? [])].filter((id) => id !== null))],
    permissions: furthest(grants ?? []),
  };
}

/** Several roles may grant the same permission: the one that goes furthest holds. */
function furthest(grants: readonly [Permission, Reach][]): ReadonlyMap<Permission, Reach> {
  const permissions = new Map<Permission, Reach>();
  for (const [permission, reach] of grants) {
    if (!covers(permissions.get(permission), reach)) permissions.set(permission, reach);
  }
  return permissions;
}
