import DataLoader from 'dataloader';
import { sql, type Kysely } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { Tables } from '../../db/tables.ts';
import type { ConnectionOrder } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, inOrderOf, rowLoader } from '../../graphql/loaders.ts';
import { createNestedLoader, type NestedLoader } from '../../graphql/nested-connection.ts';
import { withinReach } from '../../graphql/reach.ts';
import type { Permission, Reach } from '../../graphql/viewer.ts';
import { placementColumns } from './reach.ts';
import { personColumns, type PersonRow, type RoleRow, type TeamRow } from './table.ts';

export type Team = Pick<TeamRow, 'id' | 'name' | 'description'>;
export type Role = Pick<RoleRow, 'id' | 'key' | 'name' | 'description'> & { grants: Grant[] };

/** What a role allows, and how far. */
export interface Grant {
  permission: Permission;
  reach: Reach;
}

/** Where a person belongs: all of it comes with one statement, however many people and whichever of it is asked for. */
export interface Memberships {
  /** By name. */
  teams: Team[];
  /** By key. */
  roles: Role[];
  /** Sites beyond the home site at which they work too. */
  otherSiteIds: string[];
}

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    person: DataLoader<string, PersonRow | null>;
    /** Of each person; read for those who may see it and for nothing else. */
    emergencyContact: DataLoader<string, string | null>;
    team: DataLoader<string, Team | null>;
    role: DataLoader<string, Role | null>;
    memberships: DataLoader<string, Memberships | null>;
    /** Of each team, those the viewer's `people:read` reaches. */
    teamMembers: NestedLoader<PersonRow>;
    teamMemberCount: DataLoader<string, number>;
  }
}

defineLoader(
  'person',
  (context) =>
    new DataLoader(async (ids) => {
      const people = await context.db.read.selectFrom('people').select(personColumns).where('id', 'in', ids).execute();
      return inOrderOf(ids, people, (person) => person.id);
    }),
);

defineLoader(
  'emergencyContact',
  (context) =>
    new DataLoader(async (ids) => {
      const contacts = await context.db.read
        .selectFrom('people')
        .select(['id', 'emergency_contact'])
        .where('id', 'in', ids)
        .execute();
      return inOrderOf(ids, contacts, (person) => person.id).map((person) => person?.emergency_contact ?? null);
    }),
);
defineLoader('team', (context) => rowLoader(context, 'teams'));

defineLoader(
  'role',
  (context) =>
    new DataLoader(async (ids) => {
      const roles = await selectRoles(context.db.read).where('role.id', 'in', ids).execute();
      return inOrderOf(ids, roles, (role) => role.id);
    }),
);

defineLoader(
  'memberships',
  (context) =>
    new DataLoader(async (ids) => {
      const rows = await context.db.read
        .selectFrom('people as person')
        .where('person.id', 'in', ids)
        .select('person.id')
        .select((query) => [
          jsonArrayFrom(
            query
              .selectFrom('team_members as member')
              .innerJoin('teams as team', 'team.id', 'member.team_id')
              .whereRef('member.person_id', '=', 'person.id')
              .select(['team.id', 'team.name', 'team.description'])
              .orderBy('team.name'),
          ).as('teams'),
          jsonArrayFrom(
            selectRoles(context.db.read)
              .innerJoin('person_roles as held', 'held.role_id', 'role.id')
              .whereRef('held.person_id', '=', sql.ref('person.id')),
          ).as('roles'),
          query
            .selectFrom('person_sites as works_at')
            .whereRef('works_at.person_id', '=', 'person.id')
            .select(sql<string[]>`coalesce(array_agg(works_at.site_id order by works_at.site_id), '{}')`.as('ids'))
            .as('otherSiteIds'),
        ])
        .execute();
      const found = inOrderOf(ids, rows, (row) => row.id);
      return found.map((row) => row && { ...row, otherSiteIds: row.otherSiteIds ?? [] });
    }),
);

export const byName: ConnectionOrder<PersonRow> = {
  name: 'name',
  by: sql.ref('people.name'),
  valueOf: (person) => person.name,
  direction: 'asc',
};

defineLoader('teamMembers', (context) =>
  createNestedLoader<PersonRow>({
    db: context.db.read,
    order: byName,
    id: sql.ref('people.id'),
    children: (teamId) => membersWithinReach(context).select(personColumns).where('member.team_id', '=', teamId),
  }),
);

defineLoader(
  'teamMemberCount',
  (context) =>
    new DataLoader(async (teamIds) => {
      const counts = await membersWithinReach(context)
        .where('member.team_id', 'in', teamIds)
        .select(['member.team_id', sql<number>`count(*)`.as('total')])
        .groupBy('member.team_id')
        .execute();
      const found = inOrderOf(teamIds, counts, (row) => row.team_id);
      return found.map((row) => row?.total ?? 0);
    }),
);

function membersWithinReach({ db, viewer }: Context) {
  return db.read
    .selectFrom('team_members as member')
    .innerJoin('people', 'people.id', 'member.person_id')
    .where(withinReach(viewer, 'people:read', placementColumns));
}

/** Roles with what they allow, by key. */
export function selectRoles(db: Kysely<Tables>) {
  return db
    .selectFrom('roles as role')
    .select(['role.id', 'role.key', 'role.name', 'role.description'])
    .select((query) =>
      jsonArrayFrom(
        query
          .selectFrom('role_permissions as granted')
          .whereRef('granted.role_id', '=', 'role.id')
          .select(['granted.permission', 'granted.reach'])
          .orderBy('granted.permission'),
      ).as('grants'),
    )
    .orderBy('role.key');
}
