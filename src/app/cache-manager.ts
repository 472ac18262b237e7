import type { Logger } from 'pino';
import { countHeld, type HeldHere } from '../cache/index.ts';
import type { CacheManager } from '../graphql/cache-manager.ts';
import { createWarm, type WarmOptions } from '../http/warm.ts';

export interface CacheManagerOptions extends WarmOptions {
  /** What this node holds. */
  here: HeldHere;
  logger: Logger;
}

/** Purging and warming by hand, for this node. */
export function createCacheManager(options: CacheManagerOptions): CacheManager {
  const { here, logger } = options;
  return {
    count: (tenant, tags, soft) => countHeld(here, { tenant, tags, soft }),
    warm: createWarm(options),
    tell({ action, facts, refused = false, ...who }) {
      logger.info({ ...who, refused, ...facts }, `cache ${action}`);
    },
  };
}
