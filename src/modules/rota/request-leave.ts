import { z } from 'zod';
import { ConflictError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { calendarDay, daysIn } from '../../graphql/calendar.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { checkReferences } from '../../graphql/references.ts';
import { newId } from '../../ids.ts';
import { leaveRequestPayload } from './leave-payload.ts';
import './leave-request.ts';

const maxLeaveDays = 366;

const leaveInput = z
  .object({
    typeId: globalId('Choice').nullish(),
    startsOn: calendarDay,
    endsOn: calendarDay,
    reason: z.string().trim().max(2000, 'Use at most 2000 characters.').nullish(),
  })
  .superRefine(({ startsOn, endsOn }, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', path: ['endsOn'], message });
    if (endsOn < startsOn) problem('Send a day that is not before "startsOn".');
    else if (daysIn(startsOn, endsOn) > maxLeaveDays) problem(`Ask for at most ${maxLeaveDays} days at once.`);
  });

builder.relayMutationField(
  'requestLeave',
  {
    description: 'The days you want to be away.',
    inputFields: (t) => ({
      typeId: t.id({ description: 'Why, an entry of the list LEAVE_TYPE.' }),
      startsOn: t.field({ type: 'Date', required: true, description: 'The first day away.' }),
      endsOn: t.field({ type: 'Date', required: true, description: 'The last day away.' }),
      reason: t.string({ description: 'What you want to say about it; at most 2000 characters.' }),
    }),
  },
  {
    description:
      'Asks for leave, for yourself. It may lie in the past: illness is told afterwards. A ConflictError names leave of ' +
      'yours that is pending or approved for some of these days.',
    authScopes: { permission: 'leave:request' },
    errors: {},
    resolve: mutation({
      input: leaveInput,
      async run({ input: { typeId, startsOn, endsOn, reason }, trx, context }) {
        const { viewer, now } = context;
        await checkReferences(trx, [
          {
            field: 'typeId',
            table: 'choices',
            id: typeId,
            having: { kind: 'LEAVE_TYPE', active: true },
            message: 'Send the id of an active entry of the list LEAVE_TYPE.',
          },
        ]);
        // One request of a person at a time: the second is decided on what the first has written.
        await trx.selectFrom('people').select('id').where('id', '=', viewer.personId).forNoKeyUpdate().execute();
        const clash = await trx
          .selectFrom('leave_requests')
          .select(['starts_on', 'ends_on', 'status'])
          .where('person_id', '=', viewer.personId)
          .where('status', 'in', ['PENDING', 'APPROVED'])
          .where('starts_on', '<=', endsOn)
          .where('ends_on', '>=', startsOn)
          .orderBy('starts_on')
          .limit(1)
          .executeTakeFirst();
        if (clash) {
          const { starts_on: from, ends_on: to, status } = clash;
          throw new ConflictError(`Your leave from ${from} to ${to} (${status}) covers some of these days.`);
        }
        const leaveRequestId = newId();
        await trx
          .insertInto('leave_requests')
          .values({
            id: leaveRequestId,
            person_id: viewer.personId,
            type_id: typeId ?? null,
            starts_on: startsOn,
            ends_on: endsOn,
            reason: reason || null,
            created_at: now,
            updated_at: now,
          })
          .execute();
        return { leaveRequestId };
      },
    }),
  },
  leaveRequestPayload,
);
