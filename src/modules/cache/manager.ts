import { AppError } from '../../errors.ts';
import type { CacheManager } from '../../graphql/cache-manager.ts';
import type { Context } from '../../graphql/context.ts';
import type { Permission } from '../../graphql/viewer.ts';

const permission: Permission = 'cache:manage';

/** What a mutation of the cache works with. */
export function managerOf({ cacheManager }: Context): CacheManager {
  if (cacheManager) return cacheManager;
  throw new AppError('INTERNAL_SERVER_ERROR', 'There is no cache to manage here.');
}

/** Who may; whoever may not is told so, and so is the log. */
export function onlyForManagers(action: 'purge' | 'warm') {
  return (_root: unknown, _args: unknown, context: Context) => {
    const { viewer, requestId, cacheManager } = context;
    if (viewer.permissions.get(permission) !== 'any') {
      cacheManager?.tell({ action, tenantId: viewer.tenantId, via: 'person', requestId, refused: true });
    }
    return { permissionEverywhere: permission } as const;
  };
}
