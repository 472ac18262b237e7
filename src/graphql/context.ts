import type { TenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
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
  /** The instant this request happens at. Resolvers read the time here and nowhere else. */
  readonly now: Date;
  readonly requestId: string;
  /** The Idempotency-Key header; null without one. */
  readonly idempotencyKey: string | null;
  /** Forgets what the loaders have loaded: called once a mutation has committed. */
  clearLoaders(): void;
}

export interface ContextInput {
  viewer: Viewer | null;
  session: TenantSession | null;
  /** The instant of the request; asked for only when a resolver looks at the clock. */
  now: () => Date;
  requestId: string;
  idempotencyKey: string | null;
}

export function createContext({ viewer, session, now, requestId, idempotencyKey }: ContextInput): Context {
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
    get now() {
      return now();
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
