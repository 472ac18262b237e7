import type { Kysely } from 'kysely';
import type pg from 'pg';
import type { TenantSession } from '../../db/session.ts';
import type { Tables } from '../../db/tables.ts';
import { permissions, type Permission, type Reach } from '../../graphql/viewer.ts';
import { newId, type TenantId } from '../../ids.ts';

type Grants = Partial<Record<Permission, Reach>>;

export interface DefaultRole {
  key: string;
  name: string;
  description: string;
  grants: Grants;
}

/** The roles every new tenant starts with; a tenant may change them afterwards. */
export const defaultRoles: readonly DefaultRole[] = [
  {
    key: 'admin',
    name: 'Administrator',
    description: 'Everything, including the cache.',
    grants: Object.fromEntries(permissions.map((permission) => [permission, 'any' as const])),
  },
  {
    key: 'manager',
    name: 'Manager',
    description: 'Runs the desk and the workforce of the whole tenant.',
    grants: {
      'tickets:read': 'any',
      'tickets:write': 'any',
      'tickets:delete': 'any',
      'people:read': 'any',
      'people:write': 'any',
      'people:sensitive': 'any',
      'attendance:read': 'any',
      'attendance:write': 'any',
      'attendance:correct': 'any',
      'rota:read': 'any',
      'rota:write': 'any',
      'leave:request': 'any',
      'leave:decide': 'any',
      'assets:read': 'any',
      'assets:write': 'any',
      'jobs:read': 'any',
      'jobs:write': 'any',
      'choices:write': 'any',
      'dashboard:read': 'any',
    },
  },
  {
    key: 'agent',
    name: 'Agent',
    description: 'Works on tickets, assets and jobs at their own sites.',
    grants: {
      'tickets:read': 'sites',
      'tickets:write': 'sites',
      'people:read': 'sites',
      'attendance:read': 'sites',
      'attendance:write': 'own',
      'rota:read': 'sites',
      'leave:request': 'own',
      'assets:read': 'sites',
      'assets:write': 'sites',
      'jobs:read': 'sites',
      'jobs:write': 'sites',
      'dashboard:read': 'sites',
    },
  },
  {
    key: 'member',
    name: 'Member',
    description: 'Reports tickets and sees their own tickets, attendance, shifts and leave.',
    grants: {
      'tickets:read': 'own',
      'tickets:write': 'own',
      'people:read': 'own',
      'attendance:read': 'own',
      'attendance:write': 'own',
      'rota:read': 'own',
      'leave:request': 'own',
      'assets:read': 'own',
    },
  },
];

export interface NewTenant {
  id: TenantId;
  slug: string;
  name: string;
  /** IANA name. */
  timeZone: string;
}

/**
 * Adds a tenant over the operators' connection, then its roles over a session of its own.
 * Answers the role ids by their keys.
 */
export async function createTenant(operator: pg.Pool, session: TenantSession, tenant: NewTenant) {
  await operator.query('INSERT INTO tenants (id, slug, name, time_zone) VALUES ($1, $2, $3, $4)', [
    tenant.id,
    tenant.slug,
    tenant.name,
    tenant.timeZone,
  ]);
  return session.write(createDefaultRoles);
}

/** Adds the default roles to the tenant that `trx` is held to. Answers their ids by their keys. */
export async function createDefaultRoles(trx: Kysely<Tables>): Promise<Map<string, string>> {
  const roles = defaultRoles.map((role) => ({ ...role, id: newId() }));
  await trx
    .insertInto('roles')
    .values(roles.map(({ id, key, name, description }) => ({ id, key, name, description })))
    .execute();
  await trx
    .insertInto('role_permissions')
    .values(
      roles.flatMap(({ id, grants }) =>
        Object.entries(grants).map(([permission, reach]) => ({
          role_id: id,
          permission: permission as Permission,
          reach,
        })),
      ),
    )
    .execute();
  return new Map(roles.map(({ key, id }) => [key, id]));
}
