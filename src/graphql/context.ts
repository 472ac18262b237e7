import type { TenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import type { CacheManager } from './cache-manager.ts';
import { createCacheHints, type CacheHints } from './cache-control/hints.ts';
import type { Clock } from './clock.ts';
import type { FieldCache } from './field-cache/field-cache.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Viewer } from './viewer.ts';

/** What every resolver gets. There is no ambient tenant and no global: all of it hangs here. */
export interface Context {
  /** Who is asking. Reading it without a valid token fails with UNAUTHENTICATED. */
  readonly viewer: Viewer;
  readonly isAuthenticated: boolean;
  /** The database, held to the viewer's tenant. */
  readonly db: TenantSession;
  readonly loaders: Loaders;
  /** What resolvers have said about how long their results may be kept. */
  readonly cacheHints: CacheHints;
  /** Resolvers read the time here and nowhere else. */
  readonly clock: Clock;
  /** `clock.now`: the instant this request happens at, for what holds until the minute ends. */
  readonly now: Date;
  /** Values of single fields, shared by different queries; null where nothing may be kept, as in a mutation. */
  readonly fieldCache: FieldCache | null;
  /** For those who look after the cache; null where there is nothing to look after, as in a query. */
  readonly cacheManager: CacheManager | null;
  /** The language the client would like best, BCP 47: `en`, `de-CH`. */
  readonly locale: string;
  readonly requestId: string;
  /** The Idempotency-Key header; null without one. */
  readonly idempotencyKey: string | null;
  /** Forgets what the loaders have loaded: called once a mutation has committed. */
  clearLoaders(): void;
}

export interface ContextInput {
  viewer: Viewer | null;
  session: TenantSession | null;
  clock: Clock;
  /** Asked for only when a resolver wants to know. @default en */
  locale?: () => string;
  requestId: string;
  /** @default null */
  idempotencyKey?: string | null;
  /** @default null */
  fieldCache?: FieldCache | null;
  /** @default null */
  cacheManager?: CacheManager | null;
  /** @default none have been said yet */
  cacheHints?: CacheHints;
}

export function createContext(input: ContextInput): Context {
  const { viewer, session, clock, requestId, idempotencyKey = null, fieldCache = null } = input;
  const { loaders, clear } = createLoaders(() => context);
  const context: Context = {
    get viewer() {
      return viewer ?? refuseAnonymous();
    },
    isAuthenticated: viewer !== null,
    get db() {
      return session ?? refuseAnonymous();
    },
    loaders,
    cacheHints: input.cacheHints ?? createCacheHints(),
    clock,
    get now() {
      return clock.now;
    },
    fieldCache,
    cacheManager: input.cacheManager ?? null,
    get locale() {
      return input.locale?.() ?? 'en';
    },
    requestId,
    idempotencyKey,
    clearLoaders: clear,
  };
  return context;
}

function refuseAnonymous(): never {
  throw new AppError('UNAUTHENTICATED', 'Send a token: "Authorization: Bearer <token>".');
}
