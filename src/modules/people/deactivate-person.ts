import { z } from 'zod';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { refuseLastAdmin } from './last-admin.ts';
import { personPayload } from './payload.ts';
import { lockPerson } from './write-person.ts';

builder.relayMutationField(
  'deactivatePerson',
  {
    description: 'Whom to shut out.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The person.' }),
      version: t.int({ description: 'The version you have seen; leave it out to deactivate whatever has changed.' }),
    }),
  },
  {
    description:
      'Shuts a person out from their next request on. What they did stays; `updatePerson` with `active: true` lets them ' +
      'in again. Nobody deactivates themselves (ForbiddenError) or the last administrator (ConflictError).',
    authScopes: { permission: 'people:write' },
    errors: {},
    resolve: mutation({
      input: z.object({ id: globalId('Person'), version: z.int().nullish() }),
      async run({ input: { id, version = null }, trx, context: { viewer, now } }) {
        const person = await lockPerson(trx, viewer, { id, permission: 'people:write', version });
        if (id === viewer.personId) {
          throw new ForbiddenError('You cannot deactivate yourself. Ask somebody else who may.');
        }
        if (person.active) {
          await refuseLastAdmin(trx, id);
          await trx
            .updateTable('people')
            .set({ active: false, version: person.version + 1, updated_at: now })
            .where('id', '=', id)
            .execute();
        }
        return { personId: id };
      },
    }),
  },
  personPayload,
);
