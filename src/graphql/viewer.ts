import { ForbiddenError } from '../errors.ts';
import type { PersonId, TenantId } from '../ids.ts';

export const permissions = [
  'tickets:read',
  'tickets:write',
  'tickets:delete',
  'people:read',
  'people:write',
  'people:sensitive',
  'roles:assign',
  'attendance:read',
  'attendance:write',
  'attendance:correct',
  'rota:read',
  'rota:write',
  'leave:request',
  'leave:decide',
  'assets:read',
  'assets:write',
  'jobs:read',
  'jobs:write',
  'choices:write',
  'dashboard:read',
  'tenant:write',
  'cache:manage',
] as const;

/** The closed list of permissions the code checks; the table `permissions` holds the same. */
export type Permission = (typeof permissions)[number];

/** How far a permission goes: the whole tenant, the holder's own sites, the holder's own records. */
export type Reach = 'any' | 'sites' | 'own';

/** Who is asking, as the database knows them at the start of the request. */
export interface Viewer {
  readonly tenantId: TenantId;
  readonly personId: PersonId;
  readonly tenant: {
    readonly id: string;
    readonly name: string;
    readonly slug: string;
    /** IANA name, `Europe/Rome`. */
    readonly timeZone: string;
    readonly version: number;
  };
  /** Keys, in order. */
  readonly roles: readonly string[];
  /** Own sites: the home site and those they also work at. */
  readonly siteIds: readonly string[];
  readonly permissions: ReadonlyMap<Permission, Reach>;
}

const distance: Readonly<Record<Reach, number>> = { own: 0, sites: 1, any: 2 };

/** Whether a permission at the reach `held` allows all that it would allow at the reach `wanted`. */
export function covers(held: Reach | undefined, wanted: Reach): boolean {
  return held !== undefined && distance[held] >= distance[wanted];
}

/** How a permission is written for people: `tickets:read` for the whole tenant, else `tickets:read:sites`. */
export function permissionLabel(permission: Permission, reach: Reach): string {
  return reach === 'any' ? permission : `${permission}:${reach}`;
}

/** The furthest the viewer's permission goes; fails with FORBIDDEN where they do not have it at all. */
export function reachOf(viewer: Viewer, permission: Permission): Reach {
  const reach = viewer.permissions.get(permission);
  if (!reach) throw new ForbiddenError(`This needs the permission "${permission}".`);
  return reach;
}

export interface Placement {
  siteId: string | null;
  /** The people whose own record it is, for example a ticket's reporter and assignee. */
  ownerIds: readonly (string | null)[];
}

/** Whether one record lies within what the viewer's permission reaches. */
export function reaches(viewer: Viewer, permission: Permission, record: Placement): boolean {
  const reach = viewer.permissions.get(permission);
  if (reach === 'any') return true;
  if (!reach) return false;
  if (record.ownerIds.includes(viewer.personId)) return true;
  return reach === 'sites' && record.siteId !== null && viewer.siteIds.includes(record.siteId);
}

/**
 * Whether the viewer may put a record there: within what the permission reaches, and at no site beyond it. Being one of
 * its owners lets somebody see and change a record at another site, not place it there.
 */
export function mayPlace(viewer: Viewer, permission: Permission, record: Placement): boolean {
  if (viewer.permissions.get(permission) === 'any') return true;
  const atOwnSite = record.siteId === null || viewer.siteIds.includes(record.siteId);
  return atOwnSite && reaches(viewer, permission, record);
}

/** A viewer as text, for the cache; `null` for nobody. */
export function viewerText(viewer: Viewer | null): string {
  return JSON.stringify(viewer && { ...viewer, permissions: [...viewer.permissions] });
}

/** The viewer that `viewerText` wrote. */
export function parseViewer(text: string): Viewer | null {
  const written = JSON.parse(text) as (Omit<Viewer, 'permissions'> & { permissions: [Permission, Reach][] }) | null;
  return written && { ...written, permissions: new Map(written.permissions) };
}
