import { z } from 'zod';
import { addDays } from '../../db/local-day.ts';
import { ConflictError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { lockPerson } from './lock-person.ts';
import { attendancePayload } from './payload.ts';

/** A clock-in older than this was forgotten: it is corrected, not clocked out. */
const longestDayMs = 24 * 3_600_000;

builder.relayMutationField(
  'clockOut',
  {
    description: 'Says that somebody has left work.',
    inputFields: (t) => ({
      personId: t.id({
        description: 'Who has left; you where it is not sent. For others you need more than your own.',
      }),
      note: t.string({ description: 'A remark, at most 2000 characters; replaces the one from the clock-in.' }),
    }),
  },
  {
    description:
      'Records the end of the working day that began last, now; also after midnight, up to 24 hours after the clock-in. ' +
      'Without a clock-in to end it is a ConflictError.',
    authScopes: { permission: 'attendance:write' },
    errors: {},
    resolve: mutation({
      input: z.object({
        personId: globalId('Person').nullish(),
        note: z.string().trim().max(2000, 'Use at most 2000 characters.').nullish(),
      }),
      async run({ input: { personId, note }, trx, context }) {
        const { now } = context;
        const person = await lockPerson({ trx, context, permission: 'attendance:write', personId });
        // The last one, open or not: a second clock-out must not end an older day that was forgotten.
        const last = await trx
          .selectFrom('attendance')
          .select(['id', 'day', 'clock_in_at', 'clock_out_at', 'version'])
          .where('person_id', '=', person.id)
          .where('day', '>=', addDays(person.today, -2)) // keeps to the index
          .where('clock_in_at', '>=', new Date(now.getTime() - longestDayMs))
          .orderBy('clock_in_at', 'desc')
          .limit(1)
          .executeTakeFirst();
        if (!last?.clock_in_at) throw new ConflictError('Not clocked in during the last 24 hours. Clock in first.');
        if (last.clock_out_at) throw new ConflictError(`Already clocked out for ${last.day}.`, last.version);
        const clockOutAt = new Date(Math.max(now.getTime(), last.clock_in_at.getTime())); // two servers, two clocks
        await trx
          .updateTable('attendance')
          .set((eb) => ({
            clock_out_at: clockOutAt,
            updated_at: now,
            ...(note && { note }),
            version: eb('version', '+', 1),
          }))
          .where('id', '=', last.id)
          .execute();
        return { attendanceId: last.id };
      },
    }),
  },
  attendancePayload,
);
