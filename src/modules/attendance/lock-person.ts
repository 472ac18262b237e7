import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { ForbiddenError, NotFoundError } from '../../errors.ts';
import { dayOf } from '../../db/local-day.ts';
import type { Context } from '../../graphql/context.ts';
import { withinReach } from '../../graphql/reach.ts';
import { reachOf, type Permission } from '../../graphql/viewer.ts';

export interface PersonToLock {
  trx: Kysely<Tables>;
  context: Context;
  permission: Permission;
  /** null: the viewer. */
  personId: string | null | undefined;
}

/**
 * The person whose attendance is about to change, locked until the transaction ends: of two requests for the same
 * person the second decides on what the first has written. Fails with NotFoundError beyond the viewer's reach.
 */
export async function lockPerson({ trx, context: { viewer, now }, permission, personId }: PersonToLock) {
  const id = personId ?? viewer.personId;
  if (id !== viewer.personId && reachOf(viewer, permission) === 'own') {
    throw new ForbiddenError('You may do this for yourself only: leave "personId" out.');
  }
  const person = await trx
    .selectFrom('people')
    .select(['id', 'site_id', 'active', dayOf(now, viewer.tenant.timeZone).as('today')])
    .where('id', '=', id)
    .where(withinReach(viewer, permission, { site: 'people.site_id', owners: ['people.id'] }))
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!person) throw new NotFoundError('The person');
  return person;
}
