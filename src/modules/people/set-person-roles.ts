import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { ForbiddenError, ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { covers, permissionLabel, type Viewer } from '../../graphql/viewer.ts';
import { adminRoleKey, refuseLastAdmin } from './last-admin.ts';
import { selectRoles, type Role } from './loaders.ts';
import { personPayload } from './payload.ts';
import { lockPerson } from './write-person.ts';

builder.relayMutationField(
  'setPersonRoles',
  {
    description: 'The person and all the roles they shall have.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The person.' }),
      roleIds: t.idList({ required: true, description: 'Replaces the roles they have; an empty list takes them all.' }),
      version: t.int({ description: 'The version you have seen; leave it out to set them whatever has changed.' }),
    }),
  },
  {
    description:
      'Gives a person roles and takes them away, from their next request on. Nobody gives a role that allows more than ' +
      'they may themselves, or takes the administrator role from themselves (ForbiddenError) or from the last ' +
      'administrator (ConflictError).',
    authScopes: { permission: 'roles:assign' },
    errors: {},
    resolve: mutation({
      input: z.object({
        id: globalId('Person'),
        roleIds: z.array(globalId('Role')).max(50, 'Send at most 50 roles.'),
        version: z.int().nullish(),
      }),
      async run({ input: { id, roleIds, version = null }, trx, context: { viewer, now } }) {
        const person = await lockPerson(trx, viewer, { id, permission: 'roles:assign', version });
        const roles = await selectRoles(trx).execute();
        const wanted = roleIds.map((roleId, index) => named(roles, roleId, index));
        const held = await heldRoles(trx, id, roles);

        refuseEscalation(viewer, without(wanted, held));
        if (without(held, wanted).some(({ key }) => key === adminRoleKey)) {
          if (id === viewer.personId) {
            throw new ForbiddenError(
              'You cannot take the administrator role from yourself. Ask another administrator.',
            );
          }
          await refuseLastAdmin(trx, id);
        }
        await trx.deleteFrom('person_roles').where('person_id', '=', id).execute();
        const rows = [...new Set(roleIds)].map((roleId) => ({ person_id: id, role_id: roleId }));
        if (rows.length > 0) await trx.insertInto('person_roles').values(rows).execute();
        await trx
          .updateTable('people')
          .set({ version: person.version + 1, updated_at: now })
          .where('id', '=', id)
          .execute();
        return { personId: id };
      },
    }),
  },
  personPayload,
);

function named(roles: readonly Role[], roleId: string, index: number): Role {
  const role = roles.find(({ id }) => id === roleId);
  if (!role) throw new ValidationError([{ field: `roleIds.${index}`, message: 'Send the id of a role.' }]);
  return role;
}

async function heldRoles(trx: Kysely<Tables>, personId: string, roles: readonly Role[]): Promise<Role[]> {
  const held = await trx.selectFrom('person_roles').select('role_id').where('person_id', '=', personId).execute();
  return roles.filter(({ id }) => held.some(({ role_id }) => role_id === id));
}

function without(roles: readonly Role[], others: readonly Role[]): Role[] {
  return roles.filter(({ id }) => !others.some((other) => other.id === id));
}

/** Whoever may assign roles could otherwise make themselves, or a friend, an administrator. */
function refuseEscalation(viewer: Viewer, roles: readonly Role[]): void {
  for (const { name, grants } of roles) {
    const beyond = grants.find(({ permission, reach }) => !covers(viewer.permissions.get(permission), reach));
    if (!beyond) continue;
    const label = permissionLabel(beyond.permission, beyond.reach);
    throw new ForbiddenError(`You may not give the role "${name}": it allows "${label}", which you may not do.`);
  }
}
