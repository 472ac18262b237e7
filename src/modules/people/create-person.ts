import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import { columnsOf, personInput } from './person-input.ts';
import { mayDo } from './reach.ts';
import { checkPlaces, refusePlacesOutOfReach, refuseSecret, refuseTaken, writeMemberships } from './write-person.ts';

builder.relayMutationField(
  'createPerson',
  {
    description: 'The person to add.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: 'Their full name; 1 to 200 characters.' }),
      email: t.string({ required: true, description: 'Their address; kept in lower case, unique at the tenant.' }),
      username: t.string({
        description:
          'What they are called at sign-in, unique at the tenant; 1 to 100 characters. Left out, it is the part of the ' +
          'address before the @, or the whole address where somebody else has that.',
      }),
      phone: t.string({ description: 'Their number; at most 50 characters.' }),
      title: t.string({ description: 'What they do; at most 200 characters.' }),
      emergencyContact: t.string({
        description: 'Whom to call if something happens to them; at most 1000 characters. Needs `people:sensitive`.',
      }),
      siteId: t.id({ description: 'Their home site.' }),
      siteIds: t.idList({ description: 'Sites beyond the home site at which they work too.' }),
      teamIds: t.idList({ description: 'The teams they are in.' }),
    }),
  },
  {
    description:
      'Adds a person. They have no role, so they may see the directory and nothing else, until `setPersonRoles` gives ' +
      'them one. An e-mail or username that somebody has is a ConflictError.',
    authScopes: { permission: 'people:write' },
    errors: {},
    resolve: mutation({
      input: z.object({ ...personInput, username: personInput.username.nullish() }),
      async run({ input, trx, context: { viewer, now } }) {
        const row = {
          id: newId(),
          site_id: null,
          ...columnsOf(input),
          name: input.name,
          email: input.email,
          username: input.username ?? (await usernameFor(trx, input.email)),
          created_at: now,
          updated_at: now,
        };
        if (!mayDo(viewer, 'people:write', row)) {
          throw new ForbiddenError('You may add people at your own sites only: send a "siteId" of yours.');
        }
        refusePlacesOutOfReach(viewer, input.siteIds ?? []);
        refuseSecret(viewer, row, input);
        await checkPlaces(trx, input);
        await trx.insertInto('people').values(row).execute().catch(refuseTaken);
        await writeMemberships(trx, row.id, input);
        return { personId: row.id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      person: t.field({
        type: 'Person',
        nullable: true,
        description: 'The person as they were added.',
        resolve: ({ personId }, _args, context) => context.loaders.person.load(personId),
      }),
    }),
  },
);

async function usernameFor(trx: Kysely<Tables>, email: string): Promise<string> {
  const local = email.slice(0, email.indexOf('@'));
  const taken = await trx.selectFrom('people').select('id').where('username', '=', local).executeTakeFirst();
  return taken ? email.slice(0, 100) : local;
}
