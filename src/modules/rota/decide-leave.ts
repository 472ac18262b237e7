import { z } from 'zod';
import { ConflictError, ForbiddenError, NotFoundError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { leaveRequestPayload } from './leave-payload.ts';
import { leaveWithinReach } from './placement.ts';
import './leave-request.ts';

const LeaveDecision = builder.enumType('LeaveDecision', {
  description: 'How a leave request can be decided.',
  values: {
    APPROVED: { description: 'Granted.' },
    DECLINED: { description: 'Not granted.' },
  } as const,
});

builder.relayMutationField(
  'decideLeave',
  {
    description: 'The decision on a leave request.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The leave request.' }),
      version: t.int({ required: true, description: 'The version you read.' }),
      decision: t.field({ type: LeaveDecision, required: true, description: 'Granted or not.' }),
      note: t.string({ description: 'What to say about it; at most 2000 characters.' }),
    }),
  },
  {
    description:
      "Approves or declines somebody else's pending leave request. From then on no shift of these days can be assigned " +
      'to them; shifts they have already, and attendance, stay as they are.',
    authScopes: { permission: 'leave:decide' },
    errors: {},
    resolve: mutation({
      input: z.object({
        id: globalId('LeaveRequest'),
        version: z.int(),
        decision: z.enum(['APPROVED', 'DECLINED']),
        note: z.string().trim().max(2000, 'Use at most 2000 characters.').nullish(),
      }),
      async run({ input: { id, version, decision, note }, trx, context }) {
        const { viewer, now } = context;
        const request = await trx
          .selectFrom('leave_requests')
          .innerJoin('people as person', 'person.id', 'leave_requests.person_id')
          .select(['leave_requests.id', 'leave_requests.person_id', 'leave_requests.status', 'leave_requests.version'])
          .select(leaveWithinReach(viewer, 'leave:decide').as('may_decide'))
          .where('leave_requests.id', '=', id)
          .where(leaveWithinReach(viewer, 'rota:read'))
          .forUpdate('leave_requests')
          .executeTakeFirst();
        if (!request) throw new NotFoundError('The leave request');
        if (request.person_id === viewer.personId) {
          throw new ForbiddenError('Somebody else has to decide on your own leave.');
        }
        if (!request.may_decide) throw new ForbiddenError('You may not decide on this leave.');
        if (request.status !== 'PENDING') {
          throw new ConflictError(`This leave was decided before: it is ${request.status}.`, request.version);
        }
        if (request.version !== version) {
          throw new ConflictError('Somebody changed this request. Read it again, then decide.', request.version);
        }
        await trx
          .updateTable('leave_requests')
          .set((eb) => ({
            status: decision,
            decided_by_id: viewer.personId,
            decided_at: now,
            decision_note: note || null,
            updated_at: now,
            version: eb('version', '+', 1),
          }))
          .where('id', '=', request.id)
          .execute();
        return { leaveRequestId: request.id };
      },
    }),
  },
  leaveRequestPayload,
);
