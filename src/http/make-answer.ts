import { getOperationAST, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { Computed } from '../cache/index.ts';
import { operationTag } from '../db/cache-purge.ts';
import { applyHints, type CachePlan } from '../graphql/cache-plan.ts';
import type { Aspect } from '../graphql/observed-viewer.ts';
import { wholeOf, type Part } from './incremental.ts';
import { isOurs } from './is-ours.ts';
import { keptMeta } from './kept-answer.ts';
import type { CachedExecution } from './response-cache.ts';
import type { FieldOptions, Run } from './run.ts';

/** Where a run reads, and when it is to stop. */
export interface RunPlace {
  /** The instant the run happens at. */
  at: Date;
  primary: boolean;
  /** Aborted when nobody waits any more. */
  signal: AbortSignal;
  /** The longest it may take, in milliseconds, whoever waits. */
  hardTimeoutMs: number;
}

/** What one run made, and what of its viewer it looked at; nothing to keep where it has errors. */
export interface Made {
  readonly result: ExecutionResult;
  readonly computed: Computed | null;
  /** The newest change that the data is sure to contain; 0 where nobody asked. */
  readonly stamp: number;
  readonly seen: ReadonlySet<Aspect>;
  /** Whether the errors are ours: something older may be served instead, where the policy says so. */
  readonly hasFailed: boolean;
}

export interface RunOnce {
  /** null: nothing is kept. */
  plan: CachePlan | null;
  where: RunPlace;
  fields: FieldOptions | null;
  /** Gets the parts of an answer that comes in parts. */
  onPart?: (part: Part) => void;
}

/** Executes a query in a run of its own, and makes of it what can be kept. */
export async function executeRun(
  { args, openRun, execute }: Pick<CachedExecution, 'args' | 'openRun' | 'execute'>,
  { plan, where, fields, onPart }: RunOnce,
): Promise<Made> {
  const ending = new AbortController();
  const run = await openRun({ ...where, signal: ending.signal }, fields); // may refuse, and then nothing has begun
  const end = () => ending.abort();
  where.signal.addEventListener('abort', end, { once: true });
  if (where.signal.aborted) end();
  const timer = setTimeout(end, where.hardTimeoutMs);
  const startedAt = performance.now();
  try {
    const stamp = plan ? await run.session.stamp() : 0; // before any data is read
    const result = await wholeOf(await execute(within(args, run, ending.signal)), onPart);
    const applied = plan && applyHints(plan, run.hints);
    const seen = applied?.isPrivate ? new Set<Aspect>([...run.seen, 'person']) : run.seen;
    const hasFailed = result.errors?.some(isOurs) ?? false;
    const mayKeep = applied && applied.maxAgeS > 0 && !result.errors && result.data != null;
    const costMs = performance.now() - startedAt;
    const name = getOperationAST(args.document, args.operationName)?.name?.value ?? null;
    return {
      result,
      seen,
      hasFailed,
      stamp,
      computed: mayKeep ? computedOf(result, { run, applied, stamp, at: where.at, costMs, name }) : null,
    };
  } finally {
    clearTimeout(timer);
    where.signal.removeEventListener('abort', end);
    await run.close();
  }
}

interface Facts {
  run: Run;
  applied: CachePlan;
  stamp: number;
  at: Date;
  costMs: number;
  /** Of the operation. */
  name: string | null;
}

function computedOf({ data }: ExecutionResult, { run, applied, stamp, at, costMs, name }: Facts): Computed {
  const body = Buffer.from(JSON.stringify({ data }));
  const reads = [...run.session.reads];
  const maxAgeMs = applied.maxAgeS * 1000;
  const ttlMs = Math.min(maxAgeMs, run.expiresAtMs - at.getTime());
  const holdsForMs = Math.min(ttlMs, run.holds.untilMs - at.getTime());
  return {
    body,
    meta: keptMeta(body, { plan: applied, dependsOnNothing: reads.length === 0 && run.seen.size === 0 }),
    stamp,
    tags: name === null ? reads : [...reads, operationTag(name)],
    ttlMs,
    freshFromMs: run.holds.fromMs,
    freshUntilMs: run.holds.untilMs,
    staleForMs: Math.max(applied.staleWhileRevalidateS, applied.staleIfErrorS) * 1000,
    // What ends with the day, or with a value that it is made of, would not last longer for being made earlier.
    costMs: holdsForMs < maxAgeMs ? 0 : costMs,
  };
}

/** The run's own context, and nothing of the request that happened to be first. */
function within(args: ExecutionArgs, run: Run, signal: AbortSignal): ExecutionArgs {
  const ours = { contextValue: run.context, signal };
  return { ...args, ...ours };
}
