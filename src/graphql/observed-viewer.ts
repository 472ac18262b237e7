import type { Reach, Permission, Viewer } from './viewer.ts';

/**
 * One thing about the viewer that an answer can depend on, `permission:…` being the reach of one permission; or the
 * minute it is made in, where it depends on the time.
 */
export type ViewerAspect = 'person' | 'sites' | 'roles' | 'permissions' | 'tenant' | `permission:${Permission}`;
export type Aspect = ViewerAspect | 'minute';

/**
 * The same viewer, telling what of them is looked at. This is how the scope of an answer is derived: what nobody looked
 * at cannot have changed it, whatever an author declared or forgot.
 */
export function observeViewer(viewer: Viewer, saw: (aspect: Aspect) => void): Viewer {
  return {
    tenantId: viewer.tenantId, // always part of what an answer depends on
    get personId() {
      saw('person');
      return viewer.personId;
    },
    get tenant() {
      saw('tenant');
      return viewer.tenant;
    },
    get roles() {
      saw('roles');
      return viewer.roles;
    },
    get siteIds() {
      saw('sites');
      return viewer.siteIds;
    },
    permissions: observePermissions(viewer.permissions, saw),
  };
}

/** What an aspect is for this viewer, as text: two viewers alike in all aspects of an answer get the same answer. */
export function aspectValue(viewer: Viewer, aspect: ViewerAspect): string {
  switch (aspect) {
    case 'person':
      return viewer.personId;
    case 'sites':
      return viewer.siteIds.toSorted().join();
    case 'roles':
      return viewer.roles.toSorted().join();
    case 'permissions':
      return [...viewer.permissions]
        .map((pair) => pair.join('='))
        .toSorted()
        .join();
    case 'tenant':
      return JSON.stringify(viewer.tenant);
    default:
      return viewer.permissions.get(aspect.slice('permission:'.length) as Permission) ?? 'none';
  }
}

function observePermissions(
  permissions: ReadonlyMap<Permission, Reach>,
  saw: (aspect: Aspect) => void,
): ReadonlyMap<Permission, Reach> {
  const all = () => {
    saw('permissions');
    return permissions;
  };
  return {
    get(permission) {
      saw(`permission:${permission}`);
      return permissions.get(permission);
    },
    has(permission) {
      saw(`permission:${permission}`);
      return permissions.has(permission);
    },
    get size() {
      return all().size;
    },
    entries: () => all().entries(),
    keys: () => all().keys(),
    values: () => all().values(),
    forEach: (callback) => all().forEach(callback),
    [Symbol.iterator]: () => all()[Symbol.iterator](),
  };
}
