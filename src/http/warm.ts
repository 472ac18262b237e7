import { getOperationAST, parse } from 'graphql';
import { ValidationError } from '../errors.ts';
import type { CacheManager, WarmSkip } from '../graphql/cache-manager.ts';
import { planOf } from '../graphql/cache-plan.ts';
import { loadManifest, type PersistedOperation } from './persisted-manifest.ts';
import { createWarmOperation, type WarmOperationOptions, type WarmOutcome } from './warm-operation.ts';
import { runQueue } from './warm-queue.ts';

export interface WarmOptions extends WarmOperationOptions {
  /** How long one warming takes at most, in milliseconds; an answer that is being made then is given up. @default 20000 */
  durationMs?: number;
  /** Operations that one warming asks at most, each viewer's counted. @default 100 */
  limit?: number;
}

/** At once: those who ask for themselves come first. */
const concurrency = 2;

/** Asks operations on behalf of viewers. Fails with a ValidationError for what is no query of `schema/operations`. */
export function createWarm(options: WarmOptions): CacheManager['warm'] {
  const { schema, durationMs = 20_000, limit = 100 } = options;
  const { operations } = loadManifest();
  const warmOperation = createWarmOperation(options);

  return async ({ tenantId, requestId, operations: names, variables, viewers }) => {
    const asked = names.map((name, index) => named(operations, name, index)).map((operation) => describe(operation));
    const jobs = viewers.flatMap((viewer) => asked.map((operation) => ({ ...operation, viewer })));
    const signal = AbortSignal.timeout(durationMs);
    const outcomes = await runQueue(
      jobs,
      async ({ operation, viewer, isKept, isPrivate, takes }): Promise<WarmOutcome> => {
        if (!isKept) return { reason: 'uncacheable', detail: 'Something that it selects is not kept.' };
        if (isPrivate && !viewer.isMeant) return { reason: 'personal', detail: 'It is PRIVATE.' };
        const own = Object.fromEntries(Object.entries(variables).filter(([name]) => takes.has(name)));
        return warmOperation({ tenantId, requestId, operation, variables: own, viewer, signal });
      },
      { concurrency, limit, durationMs, monotonicMs: () => performance.now() },
    );
    const skipped: WarmSkip[] = outcomes.flatMap((outcome, index) => {
      const job = jobs[index];
      if (!job || outcome === 'warmed' || outcome === 'kept') return [];
      const why = typeof outcome === 'string' ? { reason: outcome, detail: notBegun[outcome] } : outcome;
      return [{ operation: job.operation.name, roles: job.viewer.roles, ...why }];
    });
    const count = (wanted: WarmOutcome) => outcomes.filter((outcome) => outcome === wanted).length;
    return { warmed: count('warmed'), kept: count('kept'), skipped };
  };

  function describe(operation: PersistedOperation) {
    const document = parse(operation.body);
    const definition = getOperationAST(document, operation.name);
    if (!definition) throw new Error(`${operation.name} is not in its document.`);
    const { canBeKept: isKept, isPrivate } = planOf(schema, document, definition);
    const takes = new Set(definition.variableDefinitions?.map(({ variable }) => variable.name.value));
    return { operation, isKept, isPrivate, takes };
  }
}

const notBegun = { limit: 'There were too many before it.', deadline: 'The time was up.' };

function named(known: readonly PersistedOperation[], name: string, index: number): PersistedOperation {
  const queries = known.filter(({ type }) => type === 'query');
  const operation = queries.find((query) => query.name === name);
  if (operation) return operation;
  const message = `Send the name of a query of schema/operations: ${queries.map((query) => query.name).join(', ')}.`;
  throw new ValidationError([{ field: `operations.${index}`, message }]);
}
