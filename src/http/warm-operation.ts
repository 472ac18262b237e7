import { AppError } from '../errors.ts';
import type { WarmSkip, WarmViewer } from '../graphql/cache-manager.ts';
import type { LearnedScopes } from '../graphql/learned-scope.ts';
import type { TenantId } from '../ids.ts';
import type { CachedResult } from './cached-result.ts';
import { ForOnePerson } from './not-kept.ts';
import type { PersistedOperation } from './persisted-manifest.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { openRecord } from './request-record.ts';
import type { CachedExecution } from './response-cache.ts';
import { createRunOperation, type RunOperationOptions } from './run-operation.ts';

export type WarmOperationOptions = ReadingOptions & Omit<RunOperationOptions, 'cacheManager'>;

/** One operation on behalf of one viewer. */
export interface WarmJob {
  tenantId: TenantId;
  requestId: string;
  operation: PersistedOperation;
  variables: Readonly<Record<string, unknown>>;
  viewer: WarmViewer;
  /** Aborted when it takes too long. */
  signal: AbortSignal;
}

export type WarmOutcome = 'warmed' | 'kept' | Pick<WarmSkip, 'reason' | 'detail'>;

/**
 * Asks an operation as its viewer would, by the same way through the server: what is kept, and for whom, is settled as
 * for a request of theirs, and the answer itself is thrown away. What is for one person alone is kept only for those
 * who are meant themselves. Never rejects.
 */
export function createWarmOperation(options: WarmOperationOptions) {
  const run = createRunOperation(options);

  return async ({ tenantId, requestId, operation, variables, viewer, signal }: WarmJob): Promise<WarmOutcome> => {
    const identity = { tenantId, personId: viewer.personId };
    const record = openRecord(requestId);
    const result: { answered: CachedResult | null; isPersonal: boolean } = { answered: null, isPersonal: false };
    const refuse = () => {
      result.isPersonal = true;
      throw new ForOnePerson();
    };
    const openReading = createReading({
      ...options,
      responses: {
        glance: () => null,
        async execute(execution) {
          const asked = viewer.isMeant ? execution : sharedOnly(execution, refuse);
          result.answered = await options.responses.execute(asked).catch((error: unknown) => {
            if (error instanceof ForOnePerson) result.isPersonal = true;
            throw error;
          });
          return result.answered;
        },
      },
    });
    try {
      const reading = await openReading(identity, { head: { headers: {} }, record });
      const { id, body: query, name: operationName } = operation;
      const asked = { id, query, operationName, variables: { ...variables } };
      const caller = { method: 'POST', accept: 'application/json', acceptLanguage: undefined } as const;
      const reply = await run(asked, { ...caller, idempotencyKey: null, identity, reading, record, signal });
      if (result.isPersonal) return { reason: 'personal', detail: 'It depends on the person who asks.' };
      return outcomeOf(result.answered, () => JSON.parse(Buffer.from(reply.body()).toString('utf8')));
    } catch (error) {
      if (signal.aborted) return { reason: 'deadline', detail: 'It took too long.' };
      return { reason: 'failed', detail: error instanceof AppError ? error.message : 'Something went wrong.' };
    }
  };
}

/** Keeps neither an answer nor a value of it that is for one person alone. */
function sharedOnly(execution: CachedExecution, refuse: () => never): CachedExecution {
  const shared = (scopes: LearnedScopes): LearnedScopes => ({
    get version() {
      return scopes.version;
    },
    of(name, asker) {
      const scope = scopes.of(name, asker);
      return scope.includes('person') ? refuse() : scope;
    },
    learn(name, asker, seen) {
      scopes.learn(name, asker, seen);
      if (seen.has('person')) refuse();
    },
  });
  return {
    ...execution,
    sharedOnly: true,
    openRun: (where, fields) => execution.openRun(where, fields && { ...fields, scopes: shared(fields.scopes) }),
  };
}

interface Answer {
  errors?: { message: string; extensions?: { code?: string } }[];
}

function outcomeOf(answered: CachedResult | null, answer: () => Answer): WarmOutcome {
  const { status, reason } = answered?.report ?? { status: 'BYPASS', reason: null };
  if (status === 'MISS') return 'warmed';
  if (status === 'HIT' || status === 'STALE') return 'kept';
  const [error] = answer().errors ?? [];
  if (!error) return { reason: 'uncacheable', detail: reason ?? 'It is not kept.' };
  const isOurs = ['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE'].includes(error.extensions?.code ?? '');
  return { reason: isOurs ? 'failed' : 'refused', detail: error.message };
}
