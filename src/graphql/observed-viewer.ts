import type { Reach, Permission, Viewer } from './viewer.ts';

/** One thing about the viewer that an answer can depend on; `permission:…` is the reach of one permission. */
export type Aspect = 'person' | 'sites' | 'roles' | 'permissions' | 'tenant' | 'locale' | `permission:${Permission}`;

/**
 * The same viewer, telling what of them is looked at. This is how the scope of an answer is derived: what nobody looked
 * at cannot have changed it, whatever an author declared or forgot.
 */
export function observeViewer(viewer: Viewer, saw: (aspect: Aspect) => void): Viewer {
  return new ObservedViewer(viewer, saw);
}

class ObservedViewer implements Viewer {
  /** Always part of what an answer depends on. */
  readonly tenantId: Viewer['tenantId'];
  readonly permissions: Viewer['permissions'];
  readonly #viewer: Viewer;
  readonly #saw: (aspect: Aspect) => void;

  constructor(viewer: Viewer, saw: (aspect: Aspect) => void) {
    this.tenantId = viewer.tenantId;
    this.permissions = new ObservedPermissions(viewer.permissions, saw);
    this.#viewer = viewer;
    this.#saw = saw;
  }

  get personId() {
    this.#saw('person');
    return this.#viewer.personId;
  }

  get tenant() {
    this.#saw('tenant');
    return this.#viewer.tenant;
  }

  get roles() {
    this.#saw('roles');
    return this.#viewer.roles;
  }

  get siteIds() {
    this.#saw('sites');
    return this.#viewer.siteIds;
  }
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

class ObservedPermissions implements ReadonlyMap<Permission, Reach> {
  readonly #permissions: ReadonlyMap<Permission, Reach>;
  readonly #saw: (aspect: Aspect) => void;

  constructor(permissions: ReadonlyMap<Permission, Reach>, saw: (aspect: Aspect) => void) {
    this.#permissions = permissions;
    this.#saw = saw;
  }

  get(permission: Permission): Reach | undefined {
    this.#saw(`permission:${permission}`);
    return this.#permissions.get(permission);
  }

  has(permission: Permission): boolean {
    this.#saw(`permission:${permission}`);
    return this.#permissions.has(permission);
  }

  get size(): number {
    return this.#all().size;
  }

  entries() {
    return this.#all().entries();
  }

  keys() {
    return this.#all().keys();
  }

  values() {
    return this.#all().values();
  }

  forEach(callback: (reach: Reach, permission: Permission, map: ReadonlyMap<Permission, Reach>) => void): void {
    this.#all().forEach(callback);
  }

  [Symbol.iterator]() {
    return this.#all()[Symbol.iterator]();
  }

  #all(): ReadonlyMap<Permission, Reach> {
    this.#saw('permissions');
    return this.#permissions;
  }
}
