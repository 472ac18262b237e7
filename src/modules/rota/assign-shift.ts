import { z } from 'zod';
import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockAssignee } from './assignee.ts';
import { shiftWithinReach } from './placement.ts';
import './shift.ts';

builder.relayMutationField(
  'assignShift',
  {
    description: 'Who works a shift.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The shift.' }),
      version: t.int({ required: true, description: 'The version you read.' }),
      personId: t.id({ description: 'Who works it; an explicit null makes it vacant.' }),
    }),
  },
  {
    description:
      'Gives a shift to somebody, or makes it vacant. A ConflictError names the shift or the approved leave that keeps ' +
      'the person from working it, or says that the shift was changed meanwhile.',
    authScopes: { permission: 'rota:write' },
    errors: {},
    resolve: mutation({
      input: z
        .object({ id: globalId('Shift'), version: z.int(), personId: globalId('Person').nullish() })
        .refine(({ personId }) => personId !== undefined, {
          path: ['personId'],
          message: 'Send the id of a Person, or null to make the shift vacant.',
        }),
      async run({ input: { id, version, personId }, trx, context }) {
        const { viewer, now } = context;
        const shift = await trx
          .selectFrom('shifts')
          .leftJoin('people as person', 'person.id', 'shifts.person_id')
          .select(['shifts.id', 'shifts.version', 'shifts.starts_at', 'shifts.ends_at'])
          .select(shiftWithinReach(viewer, 'rota:write').as('may_assign'))
          .where('shifts.id', '=', id)
          .where(shiftWithinReach(viewer, 'rota:read'))
          .forUpdate('shifts')
          .executeTakeFirst();
        if (!shift) throw new NotFoundError('The shift');
        if (!shift.may_assign) throw new ForbiddenError('You may not assign this shift.');
        if (shift.version !== version) {
          throw new ConflictError('Somebody changed this shift. Read it again, then decide.', shift.version);
        }
        if (personId) {
          await lockAssignee(trx, context, {
            personId,
            shiftId: shift.id,
            startsAt: shift.starts_at,
            endsAt: shift.ends_at,
          });
        }
        await trx
          .updateTable('shifts')
          .set((eb) => ({ person_id: personId ?? null, updated_at: now, version: eb('version', '+', 1) }))
          .where('id', '=', shift.id)
          .execute();
        return { shiftId: shift.id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      shift: t.field({
        type: 'Shift',
        nullable: true,
        description: 'The shift as it is planned now.',
        resolve: ({ shiftId }, _args, context) => context.loaders.shift.load(shiftId),
      }),
    }),
  },
);
