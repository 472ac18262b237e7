import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { personPayload } from './payload.ts';
import { columnsOf, personInput } from './person-input.ts';
import {
  checkPlaces,
  lockPerson,
  refusePlacesOutOfReach,
  refuseSecret,
  refuseTaken,
  writeMemberships,
} from './write-person.ts';

const updateInput = z
  .object(personInput)
  .partial()
  .extend({
    id: globalId('Person'),
    version: z.int(),
    active: z.literal(true, 'Send true, or leave it out; deactivatePerson shuts somebody out.').optional(),
  });

builder.relayMutationField(
  'updatePerson',
  {
    description: 'The person and what changes; what is left out stays as it is, and null empties a field that may be.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The person.' }),
      version: t.int({ required: true, description: 'The version you have seen.' }),
      name: t.string({ description: 'Their full name; 1 to 200 characters.' }),
      email: t.string({ description: 'Their address; kept in lower case, unique at the tenant.' }),
      username: t.string({
        description: 'What they are called at sign-in, unique at the tenant; 1 to 100 characters.',
      }),
      phone: t.string({ description: 'Their number; at most 50 characters.' }),
      title: t.string({ description: 'What they do; at most 200 characters.' }),
      emergencyContact: t.string({
        description: 'Whom to call if something happens to them; at most 1000 characters. Needs `people:sensitive`.',
      }),
      siteId: t.id({ description: 'Their home site.' }),
      siteIds: t.idList({
        description: 'Sites beyond the home site at which they work too; replaces the ones they have.',
      }),
      teamIds: t.idList({ description: 'The teams they are in; replaces the ones they have.' }),
      active: t.boolean({ description: 'true lets somebody in again who was deactivated.' }),
    }),
  },
  {
    description: 'Changes a person. An e-mail or username that somebody else has is a ConflictError.',
    authScopes: { permission: 'people:write' },
    errors: {},
    resolve: mutation({
      input: updateInput,
      async run({ input, trx, context: { viewer, now } }) {
        const { id, version, active } = input;
        const person = await lockPerson(trx, viewer, { id, permission: 'people:write', version });
        const columns = columnsOf(input);
        const moved = columns.site_id !== person.site_id;
        refusePlacesOutOfReach(viewer, [moved ? columns.site_id : undefined, ...(input.siteIds ?? [])]);
        refuseSecret(viewer, person, input);
        await checkPlaces(trx, { ...input, siteId: moved ? input.siteId : undefined });
        await trx
          .updateTable('people')
          .set({ ...columns, ...(active && { active }), version: version + 1, updated_at: now })
          .where('id', '=', id)
          .execute()
          .catch(refuseTaken);
        await writeMemberships(trx, id, input);
        return { personId: id };
      },
    }),
  },
  personPayload,
);
