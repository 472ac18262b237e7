import type { Kysely } from 'kysely';
import { z } from 'zod';
import { addDays } from '../../db/local-day.ts';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { newId } from '../../ids.ts';
import { lockPerson } from './lock-person.ts';
import { attendancePayload } from './payload.ts';

/** Who comes at most this long after the start of their shift is still in time. */
const graceMs = 5 * 60_000;
/**
 * Who clocked in this long ago and never out has gone home and forgotten it: the next morning's clock-in is not
 * refused for it. A night shift is shorter.
 */
const forgottenAfterMs = 16 * 3_600_000;
/** Whatever the zone, a shift of today starts this close to now. */
const nearbyMs = 48 * 3_600_000;

builder.relayMutationField(
  'clockIn',
  {
    description: 'Says that somebody has come to work.',
    inputFields: (t) => ({
      personId: t.id({
        description: 'Who has come; you where it is not sent. For others you need more than your own.',
      }),
      note: t.string({ description: 'A remark, at most 2000 characters.' }),
    }),
  },
  {
    description:
      'Records the start of a working day, now. It is LATE more than 5 minutes after the start of a shift of that day. ' +
      'During a shift that began yesterday, it counts for yesterday. Clocking in twice is a ConflictError.',
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
        if (!person.active) {
          throw new ValidationError([{ field: 'personId', message: 'Send somebody who is still active.' }]);
        }
        const shift = await findShift(trx, { personId: person.id, today: person.today, now });
        const day = shift?.day ?? person.today;
        const recorded = await findRecorded(trx, { personId: person.id, day, now });
        const late = shift !== undefined && now.getTime() - shift.starts_at.getTime() > graceMs;
        const arrival = { status: late ? ('LATE' as const) : ('PRESENT' as const), clock_in_at: now, updated_at: now };
        if (recorded) {
          await trx
            .updateTable('attendance')
            .set((eb) => ({ ...arrival, ...(note && { note }), version: eb('version', '+', 1) }))
            .where('id', '=', recorded.id)
            .execute();
          return { attendanceId: recorded.id };
        }
        const attendanceId = newId();
        await trx
          .insertInto('attendance')
          .values({
            id: attendanceId,
            person_id: person.id,
            site_id: shift?.site_id ?? person.site_id,
            day,
            note: note || null,
            created_at: now,
            ...arrival,
          })
          .execute();
        return { attendanceId };
      },
    }),
  },
  attendancePayload,
);

interface Arrival {
  personId: string;
  /** The calendar day at the tenant. */
  today: string;
  now: Date;
}

/** The shift somebody comes for: the one that is running since yesterday, or else the first of today. */
function findShift(trx: Kysely<Tables>, { personId, today, now }: Arrival) {
  return trx
    .selectFrom('shifts')
    .select(['day', 'site_id', 'starts_at'])
    .where('person_id', '=', personId)
    .where('starts_at', '>', new Date(now.getTime() - nearbyMs)) // keeps to the index
    .where('starts_at', '<', new Date(now.getTime() + nearbyMs))
    .where((eb) => eb.or([eb('day', '=', today), eb.and([eb('starts_at', '<=', now), eb('ends_at', '>', now)])]))
    .orderBy('starts_at')
    .limit(1)
    .executeTakeFirst();
}

/** What is recorded for the day, to be turned into an arrival; fails where somebody cannot arrive (again). */
async function findRecorded(trx: Kysely<Tables>, { personId, day, now }: { personId: string; day: string; now: Date }) {
  const rows = await trx
    .selectFrom('attendance')
    .select(['id', 'day', 'status', 'clock_in_at', 'clock_out_at', 'version'])
    .where('person_id', '=', personId)
    .where('day', '>=', addDays(day, -2)) // keeps to the index
    .where((eb) =>
      eb.or([
        eb('day', '=', day),
        eb.and([eb('clock_out_at', 'is', null), eb('clock_in_at', '>', new Date(now.getTime() - forgottenAfterMs))]),
      ]),
    )
    .execute();
  const open = rows.find((row) => row.clock_in_at && !row.clock_out_at);
  if (open) throw new ConflictError(`Already clocked in for ${open.day}. Clock out first.`, open.version);
  const recorded = rows.find((row) => row.day === day);
  if (recorded?.clock_in_at) {
    throw new ConflictError(
      `Already clocked in and out for ${day}. Have that day corrected instead.`,
      recorded.version,
    );
  }
  if (recorded?.status === 'ON_LEAVE') {
    throw new ConflictError(`Recorded as on leave for ${day}. Have that day corrected first.`, recorded.version);
  }
  return recorded;
}
