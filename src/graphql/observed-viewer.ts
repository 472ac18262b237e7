import type { Reach, Permission, Viewer } from './viewer.ts';

/** One thing about the viewer that an answer can depend on; `permission:…` is the reach of one permission. */
export type Aspect = 'person' | 'sites' | 'roles' | 'permissions' | 'tenant' | 'locale' | `permission:${Permission}`;

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

/** Who asks, and in which language. */
export interface Asker {
  readonly viewer: Viewer;
  /** BCP 47, `en`. */
  readonly locale: string;
}

/** What an aspect is for those who ask, as text: two alike in all aspects of an answer get the same answer. */
export function aspectValue({ viewer, locale }: Asker, aspect: Aspect): string {
  switch (aspect) {
    case 'locale':
      return locale;
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
