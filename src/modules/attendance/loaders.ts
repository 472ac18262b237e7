import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { anyOf } from '../../db/any-of.ts';
import type { Context } from '../../graphql/context.ts';
import { defineLoader, groupedBy, rowLoader } from '../../graphql/loaders.ts';
import { attendanceWithinReach, reachesAttendance } from './placement.ts';
import type { AttendanceRow } from './table.ts';

export interface RecentAttendanceKey {
  personId: string;
  /** How many days back from today at the tenant, today included. */
  days: number;
}

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    attendance: DataLoader<string, AttendanceRow | null>;
    /** What the viewer may see of a person's last days, newest first. */
    recentAttendance: DataLoader<RecentAttendanceKey, AttendanceRow[], string>;
  }
}

defineLoader('attendance', (context) => rowLoader(context, 'attendance'));

defineLoader(
  'recentAttendance',
  (context) =>
    new DataLoader<RecentAttendanceKey, AttendanceRow[], string>((keys) => loadRecentAttendance(context, keys), {
      cacheKeyFn: nameOf,
    }),
);

/** Attendance the viewer may see; null for any other, as if it did not exist. */
export async function loadVisibleAttendance(context: Context, id: string): Promise<AttendanceRow | null> {
  const row = await context.loaders.attendance.load(id);
  return row && (await reachesAttendance(context, 'attendance:read', row)) ? row : null;
}

/** One statement for all of them, each with its own number of days. */
async function loadRecentAttendance(
  context: Context,
  keys: readonly RecentAttendanceKey[],
): Promise<AttendanceRow[][]> {
  const { viewer, clock, db } = context;
  const today = sql`${clock.today(viewer.tenant.timeZone)}::date`;
  const personIds = keys.map(({ personId }) => personId);
  const days = keys.map((key) => key.days);
  const wanted = sql<RecentAttendanceKey>`unnest(${personIds}::uuid[], ${days}::int[])`;
  const rows = await db.read
    .selectFrom('attendance')
    .innerJoin('people as person', 'person.id', 'attendance.person_id')
    .innerJoin(wanted.as<'wanted'>(sql`wanted("personId", days)`), 'wanted.personId', 'attendance.person_id')
    .where(anyOf('attendance.person_id', personIds)) // tells what it depends on
    .where(sql<boolean>`attendance.day > ${today} - ${Math.max(...days)}::int and attendance.day <= ${today}`) // for the index
    .where(sql<boolean>`attendance.day > ${today} - wanted.days`)
    .where(attendanceWithinReach(viewer, 'attendance:read'))
    .selectAll('attendance')
    .select('wanted.days')
    .orderBy('attendance.day', 'desc')
    .execute();
  return groupedBy(keys.map(nameOf), rows, (row) => nameOf({ personId: row.person_id, days: row.days }));
}

function nameOf({ personId, days }: RecentAttendanceKey): string {
  return `${personId} ${days}`;
}
