import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { dayOf } from '../../db/local-day.ts';
import { calendarDay, instant } from '../../graphql/calendar.ts';
import type { Context } from '../../graphql/context.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import { AttendanceStatusEnum } from './attendance.ts';
import { corrected } from './corrected.ts';
import { lockPerson } from './lock-person.ts';
import { attendancePayload } from './payload.ts';
import { attendanceWithinReach } from './placement.ts';
import { attendanceStatuses, type AttendanceRow } from './table.ts';

const correctionInput = z
  .object({
    id: globalId('Attendance').nullish(),
    version: z.int().nullish(),
    personId: globalId('Person').nullish(),
    day: calendarDay.nullish(),
    status: z.enum(attendanceStatuses).nullish(),
    clockInAt: instant.nullish(),
    clockOutAt: instant.nullish(),
    note: z.string().trim().max(2000, 'Use at most 2000 characters.').nullish(),
  })
  .superRefine(({ id, version, personId, day }, context) => {
    const problem = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    if (id) {
      if (version == null) problem('version', 'Send the version you read together with the id.');
      if (personId) problem('personId', 'Send either "id" or "personId" and "day", not both.');
      if (day) problem('day', 'Send either "id" or "personId" and "day", not both.');
    } else if (!personId && !day) {
      problem('id', 'Say which day: send "id" and "version", or "personId" and "day".');
    } else {
      if (!personId) problem('personId', 'Send it together with "day".');
      if (!day) problem('day', 'Send it together with "personId".');
    }
  });

type CorrectionInput = z.output<typeof correctionInput>;

builder.relayMutationField(
  'correctAttendance',
  {
    description: 'Which day to correct, and what it should say. What is not sent stays as it is.',
    inputFields: (t) => ({
      id: t.id({ description: 'The record to correct; needs `version`.' }),
      version: t.int({ description: 'The version you read; with `personId` and `day` it may be left out.' }),
      personId: t.id({ description: 'Instead of `id`: whose day; needs `day`. Records the day where nothing is yet.' }),
      day: t.field({
        type: 'Date',
        description: 'Instead of `id`: the calendar day at the tenant, today at the latest.',
      }),
      status: t.field({ type: AttendanceStatusEnum, description: 'PRESENT and LATE need a clock-in.' }),
      clockInAt: t.field({
        type: 'DateTime',
        description: 'When they came: on that day, or on the next after midnight.',
      }),
      clockOutAt: t.field({
        type: 'DateTime',
        description: 'When they left, at most 24 hours later; null takes it away.',
      }),
      note: t.string({ description: 'A remark, at most 2000 characters; null takes it away.' }),
    }),
  },
  {
    description: 'Corrects a recorded day, or records one that was forgotten. It then says who corrected it.',
    authScopes: { permission: 'attendance:correct' },
    errors: {},
    resolve: mutation({
      input: correctionInput,
      async run({ input, trx, context }) {
        const { recorded, ...day } = await findDay(trx, context, input);
        if (recorded && input.version != null && recorded.version !== input.version) {
          throw new ConflictError('Somebody changed this day. Read it again, then decide.', recorded.version);
        }
        const values = corrected(recorded, input, context.now);
        if (input.clockInAt) await checkDay(trx, context, { day: day.day, clockInAt: input.clockInAt });
        const change = { ...values, corrected_by_id: context.viewer.personId, updated_at: context.now };
        if (recorded) {
          await trx
            .updateTable('attendance')
            .set((eb) => ({ ...change, version: eb('version', '+', 1) }))
            .where('id', '=', recorded.id)
            .execute();
          return { attendanceId: recorded.id };
        }
        const attendanceId = newId();
        await trx
          .insertInto('attendance')
          .values({ id: attendanceId, ...day, ...change, created_at: context.now })
          .execute();
        return { attendanceId };
      },
    }),
  },
  attendancePayload,
);

interface Day {
  /** null: nothing is recorded for it yet. */
  recorded: AttendanceRow | null;
  person_id: string;
  site_id: string | null;
  day: string;
}

/** The day that is meant, locked; fails where the viewer may not see or not correct it. */
async function findDay(trx: Kysely<Tables>, context: Context, input: CorrectionInput): Promise<Day> {
  if (input.id) {
    const recorded = await trx
      .selectFrom('attendance')
      .innerJoin('people as person', 'person.id', 'attendance.person_id')
      .selectAll('attendance')
      .select(attendanceWithinReach(context.viewer, 'attendance:correct').as('may_correct'))
      .where('attendance.id', '=', input.id)
      .where(attendanceWithinReach(context.viewer, 'attendance:read'))
      .forUpdate('attendance')
      .executeTakeFirst();
    if (!recorded) throw new NotFoundError('The attendance');
    if (!recorded.may_correct) throw new ForbiddenError('You may not correct this attendance.');
    return { recorded, person_id: recorded.person_id, site_id: recorded.site_id, day: recorded.day };
  }
  const { personId, day } = input as { personId: string; day: string };
  const person = await lockPerson({ trx, context, permission: 'attendance:correct', personId });
  if (day > person.today) {
    throw new ValidationError([{ field: 'day', message: `Send a day that is not after today, ${person.today}.` }]);
  }
  const recorded = await trx
    .selectFrom('attendance')
    .selectAll()
    .where('person_id', '=', personId)
    .where('day', '=', day)
    .forUpdate()
    .executeTakeFirst();
  return { recorded: recorded ?? null, person_id: personId, site_id: person.site_id, day };
}

/** Who comes after midnight for a shift of the day before still came on that day; nobody comes on any other day. */
async function checkDay(trx: Kysely<Tables>, { viewer }: Context, at: { day: string; clockInAt: Date }) {
  const clockInDay = dayOf(at.clockInAt, viewer.tenant.timeZone);
  const { fits } = await trx
    .selectNoFrom(sql<boolean>`${clockInDay} - ${at.day}::date in (0, 1)`.as('fits'))
    .executeTakeFirstOrThrow();
  if (fits) return;
  const message = `Send a time on ${at.day} at the tenant (${viewer.tenant.timeZone}), or on the day after it.`;
  throw new ValidationError([{ field: 'clockInAt', message }]);
}
