import { expressionBuilder, type AliasableExpression, type SqlBool } from 'kysely';
import type { Context } from '../../graphql/context.ts';
import { withinReach } from '../../graphql/reach.ts';
import { reaches, type Permission, type Viewer } from '../../graphql/viewer.ts';
import type { AttendanceRow } from './table.ts';

/**
 * Attendance belongs to its person, to the site where it was recorded, and to the person's home site.
 * For queries that join `people as person`.
 */
export function attendanceWithinReach(viewer: Viewer, permission: Permission): AliasableExpression<SqlBool> {
  const recorded = withinReach(viewer, permission, { site: 'attendance.site_id', owners: ['attendance.person_id'] });
  const home = withinReach(viewer, permission, { site: 'person.site_id', owners: [] });
  return expressionBuilder<never>().or([recorded, home]);
}

/** The same rule for one row. */
export async function reachesAttendance(context: Context, permission: Permission, row: AttendanceRow) {
  if (reaches(context.viewer, permission, { siteId: row.site_id, ownerIds: [row.person_id] })) return true;
  const person = await context.loaders.person.load(row.person_id);
  return reaches(context.viewer, permission, { siteId: person?.site_id ?? null, ownerIds: [] });
}
