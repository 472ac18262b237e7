import { getOperationAST, type GraphQLSchema } from 'graphql';
import { AppError } from '../errors.ts';
import { applyHints, planOf } from '../graphql/cache-plan.ts';
import type { WarmSkip, WarmViewer } from '../graphql/cache-manager.ts';
import type { Aspect } from '../graphql/observed-viewer.ts';
import type { TenantId } from '../ids.ts';
import { wholeOf } from './incremental.ts';
import type { PersistedOperation } from './persisted-manifest.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { openRecord } from './request-record.ts';
import type { CachedResult } from './cached-result.ts';
import type { CachedExecution } from './response-cache.ts';
import type { Run } from './run.ts';
import { createRunOperation, type RunOperationOptions } from './run-operation.ts';

export interface WarmOperationOptions extends ReadingOptions, Omit<RunOperationOptions, 'cacheManager'> {
  schema: GraphQLSchema;
}

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
  const { schema, executeCached } = options;
  const run = createRunOperation(options);

  return async ({ tenantId, requestId, operation, variables, viewer, signal }: WarmJob): Promise<WarmOutcome> => {
    const identity = { tenantId, personId: viewer.personId };
    const record = openRecord(requestId);
    let answered: CachedResult | null = null;
    let isPersonal = false;
    const openReading = createReading({
      ...options,
      async executeCached(execution) {
        answered = await executeCached(viewer.isMeant ? execution : forOthers(execution, () => (isPersonal = true)));
        return answered;
      },
    });
    try {
      const reading = await openReading(identity, { headers: {} }, record);
      const { id, body: query, name: operationName } = operation;
      const asked = { id, query, operationName, variables: { ...variables } };
      const caller = { method: 'POST', accept: 'application/json', acceptLanguage: undefined } as const;
      const reply = await run(asked, { ...caller, idempotencyKey: null, identity, reading, record, signal });
      if (isPersonal) return { reason: 'personal', detail: 'It depends on the person who asks.' };
      return outcomeOf(answered, () => JSON.parse(Buffer.from(reply.body()).toString('utf8')));
    } catch (error) {
      if (signal.aborted) return { reason: 'deadline', detail: 'It took too long.' };
      return { reason: 'failed', detail: error instanceof AppError ? error.message : 'Something went wrong.' };
    }
  };

  /** Gives up before anything is kept that is for one person alone. */
  function forOthers(execution: CachedExecution, onPersonal: () => void): CachedExecution {
    const refuse = () => {
      onPersonal();
      throw new ForOnePerson();
    };
    let opened: Run | null = null;
    const isPrivate = ({ document, operationName }: CachedExecution['args']) => {
      const operation = getOperationAST(document, operationName);
      if (!operation || !opened) return false;
      return applyHints(planOf(schema, document, operation), opened.hints).isPrivate;
    };
    return {
      ...execution,
      openRun(where, fields) {
        const learn = (name: string, seen: ReadonlySet<Aspect>) => {
          fields?.scopes.learn(name, seen);
          if (seen.has('person')) refuse();
        };
        opened = execution.openRun(where, fields && { ...fields, scopes: { ...fields.scopes, learn } });
        return opened;
      },
      async execute(args) {
        const result = await wholeOf(await execution.execute(args));
        if (opened?.seen.has('person') || isPrivate(args)) refuse();
        return result;
      },
    };
  }
}

/** Nobody is answered it, so nobody is told. */
class ForOnePerson extends AppError {
  constructor() {
    super('FORBIDDEN', 'The answer is for one person alone.');
  }
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
