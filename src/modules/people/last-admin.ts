import type { Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { ConflictError } from '../../errors.ts';

/** The role that may do everything; a tenant must keep somebody who has it. */
export const adminRoleKey = 'admin';

/**
 * Fails where nobody but this person is an active administrator. The role is held until the transaction ends: of two
 * administrators who take it from each other at once, the second finds that they are the last.
 */
export async function refuseLastAdmin(trx: Kysely<Tables>, personId: string): Promise<void> {
  const role = await trx
    .selectFrom('roles')
    .select('id')
    .where('key', '=', adminRoleKey)
    .forUpdate()
    .executeTakeFirst();
  if (!role) return;
  const holders = await trx
    .selectFrom('person_roles as held')
    .innerJoin('people as person', 'person.id', 'held.person_id')
    .select('person.id')
    .where('held.role_id', '=', role.id)
    .where('person.active', '=', true)
    .execute();
  if (holders.length !== 1 || holders[0]?.id !== personId) return;
  throw new ConflictError('This is the last administrator. Make somebody else an administrator first.');
}
