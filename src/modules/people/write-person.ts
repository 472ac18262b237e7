import type { Kysely } from 'kysely';
import { isUniqueViolation } from '../../db/failures.ts';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.ts';
import { checkReferences } from '../../graphql/references.ts';
import type { Permission, Viewer } from '../../graphql/viewer.ts';
import type { PersonInput } from './person-input.ts';
import { mayDo } from './reach.ts';
import type { PersonRow } from './table.ts';

export interface PersonLock {
  id: string;
  /** What the viewer is about to do; it must reach this person. */
  permission: Permission;
  /** The version the client has seen; null where it does not matter. */
  version: number | null;
}

/** The person, held against every other change until the transaction ends. */
export async function lockPerson(
  trx: Kysely<Tables>,
  viewer: Viewer,
  { id, permission, version }: PersonLock,
): Promise<PersonRow> {
  const person = await trx.selectFrom('people').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!person) throw new NotFoundError('The person');
  if (!mayDo(viewer, permission, person)) throw new ForbiddenError(`Your "${permission}" does not reach this person.`);
  if (version !== null && version !== person.version) {
    throw new ConflictError('Somebody changed this person since you read them. Read them again.', person.version);
  }
  return person;
}

/** Fails unless the sites and teams named are the tenant's. */
export async function checkPlaces(trx: Kysely<Tables>, { siteId, siteIds, teamIds }: PersonInput): Promise<void> {
  const site = { table: 'sites', having: { active: true }, message: 'Send the id of an active site.' } as const;
  await checkReferences(trx, [
    { ...site, field: 'siteId', id: siteId },
    ...(siteIds ?? []).map((id, index) => ({ ...site, field: `siteIds.${index}`, id })),
    ...(teamIds ?? []).map((id, index) => ({
      table: 'teams' as const,
      field: `teamIds.${index}`,
      id,
      message: 'Send the id of a team.',
    })),
  ]);
}

/**
 * Fails where the viewer would place somebody beyond their own reach. A person's sites decide what their permissions
 * reach, so whoever writes at own sites only can neither hand out other sites nor take them.
 */
export function refusePlacesOutOfReach(viewer: Viewer, placed: readonly (string | null | undefined)[]): void {
  const reach = viewer.permissions.get('people:write');
  if (reach === 'any') return;
  const allowed = reach === 'sites' ? viewer.siteIds : [];
  if (placed.every((id) => id === undefined || (id !== null && allowed.includes(id)))) return;
  throw new ForbiddenError('You may place people at your own sites only: send sites of yours.');
}

export function refuseSecret(viewer: Viewer, person: Pick<PersonRow, 'id' | 'site_id'>, input: PersonInput): void {
  if (input.emergencyContact === undefined || mayDo(viewer, 'people:sensitive', person)) return;
  throw new ForbiddenError('This needs the permission "people:sensitive": leave out "emergencyContact".');
}

/** Makes the teams, and the sites beyond the home site, be the ones sent; what was not sent stays. */
export async function writeMemberships(trx: Kysely<Tables>, personId: string, input: PersonInput): Promise<void> {
  const { siteIds, teamIds } = input;
  if (teamIds) {
    await trx.deleteFrom('team_members').where('person_id', '=', personId).execute();
    const rows = [...new Set(teamIds)].map((id) => ({ person_id: personId, team_id: id }));
    if (rows.length > 0) await trx.insertInto('team_members').values(rows).execute();
  }
  if (siteIds) {
    await trx.deleteFrom('person_sites').where('person_id', '=', personId).execute();
    const rows = [...new Set(siteIds)].map((id) => ({ person_id: personId, site_id: id }));
    if (rows.length > 0) await trx.insertInto('person_sites').values(rows).execute();
  }
}

/** For `.catch`: an e-mail or a username that somebody else has is a conflict the client can mend. */
export function refuseTaken(error: unknown): never {
  if (isUniqueViolation(error, 'people_tenant_id_email_key')) {
    throw new ConflictError('Somebody else has this e-mail address. Send another "email".');
  }
  if (isUniqueViolation(error, 'people_tenant_id_username_key')) {
    throw new ConflictError('Somebody else has this username. Send another "username".');
  }
  throw error;
}
