import { expressionBuilder, type AliasableExpression, type SqlBool } from 'kysely';
import { withinReach } from '../../graphql/reach.ts';
import type { Permission, Viewer } from '../../graphql/viewer.ts';

/** A shift belongs to its site, and to whoever works it and their home site. For queries that join `people as person`. */
export function shiftWithinReach(viewer: Viewer, permission: Permission): AliasableExpression<SqlBool> {
  const planned = withinReach(viewer, permission, { site: 'shifts.site_id', owners: ['shifts.person_id'] });
  const home = withinReach(viewer, permission, { site: 'person.site_id', owners: [] });
  return expressionBuilder<never>().or([planned, home]);
}

/** A leave request belongs to who asks and to their home site. For queries that join `people as person`. */
export function leaveWithinReach(viewer: Viewer, permission: Permission): AliasableExpression<SqlBool> {
  return withinReach(viewer, permission, { site: 'person.site_id', owners: ['leave_requests.person_id'] });
}
