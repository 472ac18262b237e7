import { reaches, type Permission, type Placement, type Viewer } from '../../graphql/viewer.ts';
import type { PersonRow } from './table.ts';

/** What decides who may see or change a person beyond their directory entry: their home site, and they themselves. */
export function placementOf(person: Pick<PersonRow, 'id' | 'site_id'>): Placement {
  return { siteId: person.site_id, ownerIds: [person.id] };
}

/** Columns that say the same in SQL; see `withinReach`. */
export const placementColumns = { site: 'people.site_id', owners: ['people.id'] } as const;

/** Everybody may see all of their own record, with or without a permission. */
export function mayRead(viewer: Viewer, person: Pick<PersonRow, 'id' | 'site_id'>): boolean {
  return person.id === viewer.personId || mayDo(viewer, 'people:read', person);
}

export function mayDo(viewer: Viewer, permission: Permission, person: Pick<PersonRow, 'id' | 'site_id'>): boolean {
  return reaches(viewer, permission, placementOf(person));
}
