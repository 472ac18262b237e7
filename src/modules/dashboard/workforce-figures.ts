import { sql, type Expression, type Kysely } from 'kysely';
import type { Tables } from '../../db/tables.ts';
import { countEach, pastDue, type PastDue } from './figures.ts';
import { atSites, onDay, type DayScope, type SitesScope } from './scope.ts';

export const assetStatuses = ['IN_STOCK', 'IN_USE', 'IN_REPAIR', 'RETIRED', 'LOST'] as const;

export interface AttendanceFigures {
  present: number;
  late: number;
  absent: number;
  onLeave: number;
}

export interface ShiftFigures {
  total: number;
  staffed: number;
  vacant: number;
}

export interface AssetFigures {
  total: number;
  byStatus: Record<(typeof assetStatuses)[number], number>;
}

export interface JobFigures {
  scheduled: number;
  completed: number;
}

export function attendanceOnDay(scope: DayScope, db: Kysely<Tables>): Expression<AttendanceFigures> {
  return db
    .selectFrom('attendance')
    .where('attendance.day', '=', scope.date)
    .where(atSites(scope, 'attendance.site_id'))
    .select(
      sql<AttendanceFigures>`jsonb_build_object(
        'present', count(*) filter (where attendance.status = 'PRESENT'),
        'late', count(*) filter (where attendance.status = 'LATE'),
        'absent', count(*) filter (where attendance.status = 'ABSENT'),
        'onLeave', count(*) filter (where attendance.status = 'ON_LEAVE')
      )`.as('value'),
    ) as never;
}

export function shiftsOnDay(scope: DayScope, db: Kysely<Tables>): Expression<ShiftFigures> {
  return db
    .selectFrom('shifts')
    .where('shifts.day', '=', scope.date)
    .where(atSites(scope, 'shifts.site_id'))
    .select(
      sql<ShiftFigures>`jsonb_build_object(
        'total', count(*), 'staffed', count(shifts.person_id), 'vacant', count(*) - count(shifts.person_id)
      )`.as('value'),
    ) as never;
}

export function allAssets(scope: SitesScope, db: Kysely<Tables>): Expression<AssetFigures> {
  return db
    .selectFrom('assets')
    .where(atSites(scope, 'assets.site_id'))
    .select(
      sql<AssetFigures>`jsonb_build_object(
        'total', count(*), 'byStatus', ${countEach('assets.status', assetStatuses)}
      )`.as('value'),
    ) as never;
}

export function jobsOnDay(scope: DayScope, db: Kysely<Tables>): Expression<JobFigures> {
  return db
    .selectFrom('jobs')
    .where(onDay(scope, 'jobs.scheduled_for'))
    .where('jobs.status', '<>', 'CANCELLED')
    .where(atSites(scope, 'jobs.site_id'))
    .select(
      sql<JobFigures>`jsonb_build_object(
        'scheduled', count(*), 'completed', count(*) filter (where jobs.status = 'COMPLETED')
      )`.as('value'),
    ) as never;
}

/** Of the jobs planned for the day, like the others: so they are parts of those that were scheduled. */
export function missedJobs(scope: DayScope, db: Kysely<Tables>, at: Date): Expression<PastDue> {
  return db
    .selectFrom('jobs')
    .where(onDay(scope, 'jobs.scheduled_for'))
    .where('jobs.status', '=', 'SCHEDULED')
    .where(atSites(scope, 'jobs.site_id'))
    .select(pastDue('jobs.due_at', at).as('value')) as never;
}

export function activePeople(scope: SitesScope, db: Kysely<Tables>): Expression<number> {
  return db
    .selectFrom('people')
    .where('people.active', '=', true)
    .where(atSites(scope, 'people.site_id'))
    .select(sql<number>`count(*)`.as('value')) as never;
}

/** Of those who were expected, how many came; null where nobody was expected. */
export function attendanceRate({ present, late, absent }: Omit<AttendanceFigures, 'onLeave'>): number | null {
  const expected = present + late + absent;
  return expected === 0 ? null : (present + late) / expected;
}
