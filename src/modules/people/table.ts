import type { Generated, Selectable } from 'kysely';
import type { Permission, Reach } from '../../graphql/viewer.ts';

export interface PeopleTable {
  id: string;
  name: string;
  /** Lower case; unique within the tenant. */
  email: string;
  username: string;
  phone: string | null;
  title: string | null;
  site_id: string | null;
  active: Generated<boolean>;
  emergency_contact: string | null;
  external_ref: string | null;
  version: Generated<number>;
  created_at: Generated<Date>;
  updated_at: Generated<Date>;
}

export interface TeamsTable {
  id: string;
  name: string;
  description: string | null;
  created_at: Generated<Date>;
}

export interface RolesTable {
  id: string;
  key: string;
  name: string;
  description: string | null;
  created_at: Generated<Date>;
}

/**
 * A person as everybody reads them. The emergency contact is never among it: it has a loader of its own, so that no
 * list, relation or cached answer carries it along.
 */
export type PersonRow = Omit<Selectable<PeopleTable>, 'emergency_contact'>;

export const personColumns = [
  'people.id',
  'people.name',
  'people.email',
  'people.username',
  'people.phone',
  'people.title',
  'people.site_id',
  'people.active',
  'people.external_ref',
  'people.version',
  'people.created_at',
  'people.updated_at',
] as const;
export type TeamRow = Selectable<TeamsTable>;
export type RoleRow = Selectable<RolesTable>;

declare module '../../db/tables.ts' {
  interface Tables {
    people: PeopleTable;
    teams: TeamsTable;
    team_members: { team_id: string; person_id: string };
    person_sites: { person_id: string; site_id: string };
    permissions: { key: Permission; description: string };
    roles: RolesTable;
    role_permissions: { role_id: string; permission: Permission; reach: Generated<Reach> };
    person_roles: { person_id: string; role_id: string };
  }
}
