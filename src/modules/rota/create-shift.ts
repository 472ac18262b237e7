import { z } from 'zod';
import { ForbiddenError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { dayOf } from '../../db/local-day.ts';
import { instant } from '../../graphql/calendar.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { checkReferences } from '../../graphql/references.ts';
import { mayPlace } from '../../graphql/viewer.ts';
import { newId } from '../../ids.ts';
import { lockAssignee } from './assignee.ts';
import './shift.ts';

const longestShiftMs = 24 * 3_600_000;

const shiftInput = z
  .object({
    siteId: globalId('Site'),
    teamId: globalId('Team').nullish(),
    personId: globalId('Person').nullish(),
    startsAt: instant,
    endsAt: instant,
    role: z.string().trim().max(200, 'Use at most 200 characters.').nullish(),
  })
  .superRefine(({ startsAt, endsAt }, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', path: ['endsAt'], message });
    const lengthMs = endsAt.getTime() - startsAt.getTime();
    if (lengthMs <= 0) problem('Send a time after "startsAt".');
    if (lengthMs > longestShiftMs) problem('Send a time at most 24 hours after "startsAt".');
  });

builder.relayMutationField(
  'createShift',
  {
    description: 'The shift to plan.',
    inputFields: (t) => ({
      siteId: t.id({ required: true, description: 'Where it is worked.' }),
      teamId: t.id({ description: 'The team it is worked for.' }),
      personId: t.id({ description: 'Who works it; leave it out for a vacant shift.' }),
      startsAt: t.field({ type: 'DateTime', required: true, description: 'When it begins.' }),
      endsAt: t.field({ type: 'DateTime', required: true, description: 'When it ends, at most 24 hours later.' }),
      role: t.string({ description: 'What is done in it; at most 200 characters.' }),
    }),
  },
  {
    description:
      'Plans a shift. A ConflictError names the shift or the approved leave that keeps the person from working it.',
    authScopes: { permission: 'rota:write' },
    errors: {},
    resolve: mutation({
      input: shiftInput,
      async run({ input: { siteId, teamId, personId, startsAt, endsAt, role }, trx, context }) {
        if (!mayPlace(context.viewer, 'rota:write', { siteId, ownerIds: [personId ?? null] })) {
          throw new ForbiddenError('You may not plan shifts at this site.');
        }
        await checkReferences(trx, [
          {
            field: 'siteId',
            table: 'sites',
            id: siteId,
            having: { active: true },
            message: 'Send the id of a site that is in use here.',
          },
          { field: 'teamId', table: 'teams', id: teamId, message: 'Send the id of a team that exists here.' },
        ]);
        if (personId) await lockAssignee(trx, context, { personId, shiftId: null, startsAt, endsAt });
        const shiftId = newId();
        await trx
          .insertInto('shifts')
          .values({
            id: shiftId,
            site_id: siteId,
            team_id: teamId ?? null,
            person_id: personId ?? null,
            day: dayOf(startsAt, context.viewer.tenant.timeZone),
            starts_at: startsAt,
            ends_at: endsAt,
            role: role || null,
            created_at: context.now,
            updated_at: context.now,
          })
          .execute();
        return { shiftId };
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
