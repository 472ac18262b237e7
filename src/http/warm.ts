import { getOperationAST, parse, type GraphQLSchema } from 'graphql';
import { ValidationError } from '../errors.ts';
import type { CacheManager, WarmReport, WarmSkip, WarmViewer } from '../graphql/cache-manager.ts';
import { planOf } from '../graphql/cache-plan.ts';
import { loadManifest, type PersistedOperation } from './persisted-manifest.ts';
import { createWarmOperation, type WarmOperationOptions, type WarmOutcome } from './warm-operation.ts';
import { runQueue } from './warm-queue.ts';

export type WarmOptions = WarmOperationOptions & {
  schema: GraphQLSchema;
  /** How long one warming takes at most, in milliseconds; an answer that is being made then is given up. @default 20000 */
  durationMs?: number;
  /** Operations that one warming asks at most, each viewer's counted. @default 100 */
  limit?: number;
};

/** At once: those who ask for themselves come first. */
const concurrency = 2;

/** Asks operations on behalf of viewers. Fails with a ValidationError for what is no query of `schema/operations`. */
export function createWarm(options: WarmOptions): CacheManager['warm'] {
  const { schema, durationMs = 20_000, limit = 100 } = options;
  const { operations } = loadManifest();
  const warmOperation = createWarmOperation(options);

  return async ({ tenantId, requestId, operations: names, variables, viewers }) => {
    const asked = names.map((name, index) => named(operations, name, index)).map((operation) => describe(operation));
    const jobs = viewers.flatMap((viewer) => asked.map((operation): Job => ({ ...operation, viewer })));
    const signal = AbortSignal.timeout(durationMs);
    const warmOne = async ({ operation, viewer, isKept, isPrivate, takes }: Job): Promise<WarmOutcome> => {
      if (!isKept) return { reason: 'uncacheable', detail: 'Something that it selects is not kept.' };
      if (isPrivate && !viewer.isMeant) return { reason: 'personal', detail: 'It is PRIVATE.' };
      const own = Object.fromEntries(Object.entries(variables).filter(([name]) => takes.has(name)));
      return warmOperation({ tenantId, requestId, operation, variables: own, viewer, signal });
    };
    const clock = { monotonicMs: () => performance.now(), endsAtMs: performance.now() + durationMs };
    const first = await runQueue(jobs, warmOne, { ...clock, concurrency, limit });
    // What an operation depends on is learned by asking it: of the first answers, some may be kept where nobody looks.
    const isThere = first.map((outcome) => outcome === 'warmed' || outcome === 'kept');
    const second = await runQueue(
      jobs.map((job, index) => ({ job, isThere: isThere[index] ?? false })),
      async (again) => (again.isThere ? warmOne(again.job) : 'kept'),
      { ...clock, concurrency, limit },
    );
    return reportOf(
      jobs,
      first.map((outcome, index) => {
        const later = second[index] ?? outcome;
        return later === 'kept' || later === 'limit' || later === 'deadline' ? outcome : later;
      }),
    );
  };

  function describe(operation: PersistedOperation): Omit<Job, 'viewer'> {
    const document = parse(operation.body);
    const definition = getOperationAST(document, operation.name);
    if (!definition) throw new Error(`${operation.name} is not in its document.`);
    const { canBeKept: isKept, isPrivate } = planOf(schema, document, definition);
    const takes = new Set(definition.variableDefinitions?.map(({ variable }) => variable.name.value));
    return { operation, isKept, isPrivate, takes };
  }
}

const notBegun = { limit: 'There were too many before it.', deadline: 'The time was up.' };

interface Job {
  operation: PersistedOperation;
  viewer: WarmViewer;
  /** Whether its answer may be kept at all. */
  isKept: boolean;
  isPrivate: boolean;
  /** Names of its variables. */
  takes: ReadonlySet<string>;
}

function reportOf(jobs: readonly Job[], outcomes: readonly (WarmOutcome | keyof typeof notBegun)[]): WarmReport {
  const skipped = outcomes.flatMap((outcome, index): WarmSkip[] => {
    const job = jobs[index];
    if (!job || outcome === 'warmed' || outcome === 'kept') return [];
    const why = typeof outcome === 'string' ? { reason: outcome, detail: notBegun[outcome] } : outcome;
    return [{ operation: job.operation.name, roles: job.viewer.roles, ...why }];
  });
  const count = (wanted: WarmOutcome) => outcomes.filter((outcome) => outcome === wanted).length;
  return { warmed: count('warmed'), kept: count('kept'), skipped };
}

function named(known: readonly PersistedOperation[], name: string, index: number): PersistedOperation {
  const queries = known.filter(({ type }) => type === 'query');
  const operation = queries.find((query) => query.name === name);
  if (operation) return operation;
  const message = `Send the name of a query of schema/operations: ${queries.map((query) => query.name).join(', ')}.`;
  throw new ValidationError([{ field: `operations.${index}`, message }]);
}
