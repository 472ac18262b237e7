import {
  getOperationAST,
  getVariableValues,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { createKey, type CacheReader, type Computed, type Level, type MissReason } from '../cache/index.ts';
import { planOf, type CachePlan } from '../graphql/cache-plan.ts';
import { aspectValue, type Aspect } from '../graphql/observed-viewer.ts';
import type { Viewer } from '../graphql/viewer.ts';
import { createAudiences } from './audience.ts';
import { canonicalText, documentHash } from './canonical.ts';
import { createLearnedScopes } from './learned-scope.ts';
import { minuteOf, type Run } from './run.ts';

export interface ResponseCacheOptions {
  schema: GraphQLSchema;
  /** Names the schema in keys: answers made with another one are never found. */
  schemaHash: string;
  /** The clock. */
  now: () => Date;
}

/** What an answer says about where it came from: `extensions.cache`. */
export interface CacheReport {
  readonly status: 'HIT' | 'MISS' | 'BYPASS';
  readonly level: Level | null;
  readonly scope: 'TENANT' | 'PRIVATE';
  readonly ageMs: number;
  readonly ttlMs: number;
  readonly reason: string | null;
}

/** Where a run reads, and when it is to stop. */
export interface RunPlace {
  /** The instant the run happens at. */
  at: Date;
  primary: boolean;
  signal: AbortSignal;
}

export type CachedResult =
  /** `data` as JSON, ready to send. */
  | { readonly bytes: Uint8Array; readonly report: CacheReport }
  | { readonly result: ExecutionResult; readonly report: CacheReport };

export interface CachedExecution {
  args: ExecutionArgs;
  reader: CacheReader;
  viewer: Viewer;
  /** Aborted when the client goes away, or its time is up. */
  client: AbortSignal;
  /** Computes afresh whatever is kept, and keeps the result: `Cache-Control: no-cache`. */
  refresh: boolean;
  /** Shared by all nodes; without it no key can be made or understood. */
  keySecret: string;
  /** Opens a run of its own, whose life does not depend on the client that happened to be first. */
  openRun: (where: RunPlace) => Run;
  execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
}

export type ExecuteCached = (execution: CachedExecution) => Promise<CachedResult>;

/** Answers queries from the cache where it may, and keeps what may be kept. */
export function createResponseCache({ schema, schemaHash, now }: ResponseCacheOptions): ExecuteCached {
  const scopes = createLearnedScopes();
  const joinAudience = createAudiences();
  const plans = new WeakMap<OperationDefinitionNode, CachePlan>();

  const planFor = ({ document }: ExecutionArgs, operation: OperationDefinitionNode): CachePlan => {
    const known = plans.get(operation) ?? planOf(schema, document, operation);
    plans.set(operation, known);
    return known;
  };

  return async (execution) => {
    const { args, viewer, keySecret } = execution;
    const at = now();
    const operation = getOperationAST(args.document, args.operationName);
    const plan = operation && planFor(args, operation);
    const { coerced } = operation
      ? getVariableValues(schema, operation.variableDefinitions ?? [], args.variableValues ?? {})
      : {};
    if (!plan || plan.maxAgeS === 0 || !coerced) {
      const reason = plan?.decidedBy ? `${plan.decidedBy} is not kept` : 'not a query that is kept';
      return bypass(execution, reason, at);
    }
    const name = operation.name?.value.slice(0, 64) ?? 'anonymous'; // as the log has it
    const identity = [schemaHash, documentHash(args.document), operation.name?.value ?? null] as const;
    const operationKey = identity.join('\n');

    // A run may look at more of the viewer than was known of its operation: its answer is kept under the wider key.
    let made: Made | null = null;
    for (;;) {
      const scope = withDeclared(scopes.of(operationKey), plan);
      const key = createKey(keySecret, [
        'response',
        ...identity,
        canonicalText(coerced),
        viewer.tenantId,
        ...scope.flatMap((aspect) => [aspect, aspect === 'minute' ? minuteOf(at) : aspectValue(viewer, aspect)]),
      ]);
      const learn = (seen: ReadonlySet<Aspect>) => scopes.learn(operationKey, seen);
      const outcome = await readOnce(execution, { key, name, plan, learn, scope, made, at });
      if ('report' in outcome) {
        return { ...outcome, report: { ...outcome.report, scope: scope.includes('person') ? 'PRIVATE' : 'TENANT' } };
      }
      made = outcome.made;
    }
  };

  async function readOnce(
    execution: CachedExecution,
    asked: {
      key: string;
      name: string;
      plan: CachePlan;
      scope: readonly Aspect[];
      learn: (seen: ReadonlySet<Aspect>) => void;
      made: Made | null;
      at: Date;
    },
  ): Promise<CachedResult | { made: Made | null }> {
    const { reader, client, refresh } = execution;
    const covers = ({ seen }: Made) => [...seen].every((aspect) => asked.scope.includes(aspect));
    const audience = joinAudience(`${execution.viewer.tenantId}\n${asked.key}`, client);
    let made: Made | null = null;
    const compute = async (where: { primary: boolean }): Promise<Computed> => {
      if (asked.made?.computed && covers(asked.made) && !where.primary) return asked.made.computed;
      made = await runOnce(execution, asked.plan, { ...where, at: asked.at, signal: audience.signal });
      if (audience.signal.aborted) throw new Abandoned();
      // First of all: others may be waiting for this run under a key that says too little about them.
      // Held against the scope its key was made with: what is known by now may be wider.
      asked.learn(made.seen);
      if (!covers(made)) throw new WiderThanKnown();
      if (!made.computed) throw new NotKept(made.result);
      return made.computed;
    };
    try {
      const { entry, status, level, reason, changedTag } = await reader.read({
        key: asked.key,
        operation: asked.name,
        refresh,
        compute,
      });
      const ageMs = status === 'HIT' ? Math.max(0, now().getTime() - entry.storedAtMs) : 0;
      const ttlMs = Math.max(0, entry.expiresAtMs - entry.storedAtMs - ageMs);
      return {
        bytes: entry.body,
        report: { ...base, status, level, ageMs, ttlMs, reason: explain(reason, changedTag) },
      };
    } catch (error) {
      if (error instanceof WiderThanKnown) return { made };
      if (error instanceof Abandoned && !client.aborted) return { made: null }; // it came as the others left
      if (error instanceof NotKept) return { result: error.result, report: { ...base, reason: 'it has errors' } };
      throw error;
    } finally {
      audience.leave();
    }
  }
}

const base: CacheReport = { status: 'BYPASS', level: null, scope: 'TENANT', ageMs: 0, ttlMs: 0, reason: null };

/** What one run made, and what of its viewer it looked at; nothing to keep where it has errors. */
interface Made {
  readonly result: ExecutionResult;
  readonly computed: Computed | null;
  readonly seen: ReadonlySet<Aspect>;
}

/** The run looked at more of its viewer than its key says: whoever waited under that key asks anew. */
class WiderThanKnown extends Error {}

/** Everybody who waited for the run went away before its end. */
class Abandoned extends Error {}

/** An answer with errors: everybody who waits for the same gets it, and nobody later. */
class NotKept extends Error {
  readonly result: ExecutionResult;

  constructor(result: ExecutionResult) {
    super('not kept');
    this.result = result;
  }
}

function withDeclared(learned: readonly Aspect[], { isPrivate }: CachePlan): readonly Aspect[] {
  return isPrivate && !learned.includes('person') ? [...learned, 'person'] : learned;
}

async function bypass(execution: CachedExecution, reason: string, at: Date): Promise<CachedResult> {
  const { args, client, openRun, execute } = execution;
  const run = openRun({ at, primary: true, signal: client });
  try {
    const result = await execute(within(args, run, client));
    return { result, report: { ...base, reason } };
  } finally {
    await run.close();
  }
}

async function runOnce({ args, openRun, execute }: CachedExecution, plan: CachePlan, where: RunPlace): Promise<Made> {
  const run = openRun(where);
  try {
    const stamp = await run.session.stamp(); // before any data is read
    const result = await execute(within(args, run, where.signal));
    const kept = !result.errors && result.data != null;
    const computed: Computed | null = kept
      ? {
          body: Buffer.from(JSON.stringify(result.data)),
          meta: {},
          stamp,
          tags: [...run.session.reads],
          ttlMs: Math.min(plan.maxAgeS * 1000, run.steadyForMs()),
        }
      : null;
    return { result, computed, seen: run.seen };
  } finally {
    await run.close();
  }
}

/** The run's own context, and nothing of the request that happened to be first. */
function within(args: ExecutionArgs, run: Run, signal: AbortSignal): ExecutionArgs {
  const ours = { contextValue: run.context, signal };
  return { ...args, ...ours };
}

/** Names the type that changed, not the row: the viewer may not be allowed to know of it. */
function explain(reason: MissReason | null, changedTag: string | null): string | null {
  return changedTag ? `changed: ${changedTag.split(':')[1] ?? ''}` : reason;
}
