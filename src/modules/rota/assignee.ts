import { sql, type Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ValidationError } from '../../errors.ts';
import { dayOf } from '../../db/local-day.ts';
import type { Context } from '../../graphql/context.ts';

export interface Assignment {
  personId: string;
  /** The shift they are to work; null while it is being created. */
  shiftId: string | null;
  startsAt: Date;
  endsAt: Date;
}

/**
 * Makes sure that somebody is free to work a shift, and locks them until the transaction ends: of two shifts given to
 * one person at once, the second is decided on what the first has written. Fails with a ConflictError that names the
 * other shift or the leave.
 */
export async function lockAssignee(trx: Kysely<Tables>, context: Context, assignment: Assignment): Promise<void> {
  const person = await trx
    .selectFrom('people')
    .select(['name', 'active'])
    .where('id', '=', assignment.personId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!person?.active) {
    throw new ValidationError([{ field: 'personId', message: 'Send the id of a person who is active here.' }]);
  }
  const shift = await overlappingShift(trx, context, assignment);
  if (shift) throw new ConflictError(`${person.name} already works from ${shift.from} to ${shift.to}.`);
  const leave = await overlappingLeave(trx, context, assignment);
  if (leave) throw new ConflictError(`${person.name} is on leave from ${leave.starts_on} to ${leave.ends_on}.`);
}

/** A shift that ends as this one begins does not clash. */
function overlappingShift(trx: Kysely<Tables>, { viewer }: Context, assignment: Assignment) {
  const { personId, shiftId, startsAt, endsAt } = assignment;
  const localTime = (column: string) =>
    sql<string>`to_char(${sql.ref(column)} at time zone ${viewer.tenant.timeZone}::text, 'YYYY-MM-DD HH24:MI')`;
  return trx
    .selectFrom('shifts')
    .select([localTime('starts_at').as('from'), localTime('ends_at').as('to')])
    .where('person_id', '=', personId)
    .where('starts_at', '<', endsAt)
    .where('starts_at', '>', sql<Date>`${startsAt}::timestamptz - interval '24 hours'`) // none is longer: keeps to the index
    .where('ends_at', '>', startsAt)
    .$if(shiftId !== null, (query) => query.where('id', '!=', shiftId ?? ''))
    .orderBy('starts_at')
    .limit(1)
    .executeTakeFirst();
}

/** Leave clashes with every calendar day the shift touches; a shift that ends at midnight does not touch the next. */
function overlappingLeave(trx: Kysely<Tables>, { viewer }: Context, { personId, startsAt, endsAt }: Assignment) {
  const { timeZone } = viewer.tenant;
  return trx
    .selectFrom('leave_requests')
    .select(['starts_on', 'ends_on'])
    .where('person_id', '=', personId)
    .where('status', '=', 'APPROVED')
    .where('starts_on', '<=', dayOf(new Date(endsAt.getTime() - 1), timeZone))
    .where('ends_on', '>=', dayOf(startsAt, timeZone))
    .orderBy('starts_on')
    .limit(1)
    .executeTakeFirst();
}
