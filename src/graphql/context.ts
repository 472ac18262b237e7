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
  return new RequestContext(input);
}

class RequestContext implements Context {
  readonly isAuthenticated: boolean;
  readonly loaders: Context['loaders'];
  readonly cacheHints: CacheHints;
  readonly clock: Clock;
  readonly fieldCache: FieldCache | null;
  readonly cacheManager: CacheManager | null;
  readonly requestId: string;
  readonly idempotencyKey: string | null;
  readonly clearLoaders: () => void;
  readonly #input: ContextInput;

  constructor(input: ContextInput) {
    const { loaders, clear } = createLoaders(() => this);
    this.#input = input;
    this.isAuthenticated = input.viewer !== null;
    this.loaders = loaders;
    this.clearLoaders = clear;
    this.cacheHints = input.cacheHints ?? createCacheHints();
    this.clock = input.clock;
    this.fieldCache = input.fieldCache ?? null;
    this.cacheManager = input.cacheManager ?? null;
    this.requestId = input.requestId;
    this.idempotencyKey = input.idempotencyKey ?? null;
  }

  get viewer(): Viewer {
    return this.#input.viewer ?? refuseAnonymous();
  }

  get db(): TenantSession {
    return this.#input.session ?? refuseAnonymous();
  }

  get now(): Date {
    return this.clock.now;
  }

  get locale(): string {
    return this.#input.locale?.() ?? 'en';
  }
}

function refuseAnonymous(): never {
  throw new AppError('UNAUTHENTICATED', 'Send a token: "Authorization: Bearer <token>".');
}
