import { randomUUID } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type pg from 'pg';
import { createTenantSession, type TenantSession } from '../db/session.ts';
import { AppError } from '../errors.ts';
import { createContext, type Context } from '../graphql/context.ts';
import type { Viewer } from '../graphql/viewer.ts';
import type { PersonId } from '../ids.ts';
import { maskError } from './mask-error.ts';
import type { VerifyToken } from './tokens.ts';

export interface YogaOptions {
  schema: GraphQLSchema;
  pool: pg.Pool;
  verifyToken: VerifyToken;
  loadViewer: (session: TenantSession, personId: PersonId) => Promise<Viewer | null>;
  /** The clock. */
  now: () => Date;
}

/** The GraphQL server: an ordered list of stages. */
export function createGraphqlServer({ schema, pool, verifyToken, loadViewer, now }: YogaOptions) {
  return createYoga<object, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: false,
    maskedErrors: { maskError: (error) => maskError(error, randomUUID(), ({ error: e }) => console.error(e)) },
    context: async ({ request }) => {
      const token = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const identity = token ? await verifyToken(token) : null;
      const session = identity && createTenantSession({ pool, ...identity });
      const viewer = session && (await loadViewer(session, identity.personId));
      if (session && !viewer) throw new AppError('UNAUTHENTICATED', 'The token names nobody who may come in.');
      return createContext({
        viewer,
        session,
        now: now(),
        requestId: randomUUID(),
        idempotencyKey: request.headers.get('idempotency-key'),
      });
    },
    plugins: [closeSession],
  });
}

/** Gives the snapshot's connection back once the answer is made. */
const closeSession: Plugin<Context> = {
  onExecute: ({ args }) => ({
    onExecuteDone: () =>
      void ((args.contextValue as Context).isAuthenticated && (args.contextValue as Context).db.close()),
  }),
};
