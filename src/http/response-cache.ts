import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import type { CacheReader, Computed, ComputeWhere, Entry, ReadResult, StalePolicy } from '../cache/index.ts';
import type { CachePlan } from '../graphql/cache-plan.ts';
import { createLearnedScopes } from '../graphql/learned-scope.ts';
import type { Aspect, Asker } from '../graphql/observed-viewer.ts';
import { createAudiences } from './audience.ts';
import type { CachedBytes, CachedResult, CacheReport } from './cached-result.ts';
import { explainPlan, explainRead } from './explain-answer.ts';
import { HttpError } from './http-error.ts';
import { createPartStream, isIncremental, type Executed, type PartStream } from './incremental.ts';
import { keptFacts } from './kept-answer.ts';
import { executeRun, type Made, type RunPlace } from './make-answer.ts';
import { Abandoned, ForOnePerson, isFailure, NotKept, WiderThanKnown } from './not-kept.ts';
import {
  cannotBeExecuted,
  createQuestionKeys,
  createQuestions,
  type AskedQuestion,
  type Question,
  type QuestionKey,
} from './question.ts';
import type { RequestDirectives } from './request-directives.ts';
import type { FieldOptions, Run } from './run.ts';

export interface ResponseCacheOptions {
  schema: GraphQLSchema;
  /** Names the schema in keys: answers made with another one are never found. */
  schemaHash: string;
  /** Names the code: what another release made, and may have shown to more people, is never found. @default schemaHash */
  codeHash?: string;
  /** How long a run may take that nobody waits for any more, in milliseconds. */
  hardTimeoutMs: number;
  /** The clock. */
  now: () => Date;
  /** Whether values of single fields are kept by themselves. @default true */
  keepsFields?: boolean;
  /** Whether hits are told why they are hits. @default true */
  explainsHits?: boolean;
}

export interface CachedExecution {
  args: ExecutionArgs;
  reader: CacheReader;
  asker: Asker;
  /** Aborted when the client goes away, or its time is up. */
  client: AbortSignal;
  directives: RequestDirectives;
  /** Shared by all nodes; without it no key can be made or understood. */
  keySecret: string;
  /** Opens a run of its own, whose life does not depend on the client that happened to be first. */
  openRun: (where: RunPlace, fields: FieldOptions | null) => Promise<Run>;
  execute: (args: ExecutionArgs) => Promise<Executed>;
  /** Whether the client takes an answer in parts, where the document says `@defer` or `@stream`. */
  takesParts: boolean;
  /** Keep only what others may be given too; fails with ForOnePerson where there is nothing like that. @default false */
  sharedOnly?: boolean;
}

export type ExecuteCached = (execution: CachedExecution) => Promise<CachedResult>;

/** What has been asked before, by somebody who may ask anything once more. */
export type GlanceCached = (
  question: Question,
  by: Pick<CachedExecution, 'reader' | 'asker' | 'keySecret'>,
) => CachedBytes | null;

export interface ResponseCache {
  /** Answers queries from the cache where it may, and keeps what may be kept. */
  readonly execute: ExecuteCached;
  /** Answers what is in this process and holds, at once; says nothing of all else. */
  readonly glance: GlanceCached;
}

export function createResponseCache(options: ResponseCacheOptions): ResponseCache {
  const { schemaHash, codeHash = schemaHash, hardTimeoutMs, now, keepsFields = true, explainsHits = true } = options;
  const scopes = createLearnedScopes();
  const fieldScopes = createLearnedScopes(); // as many as the schema has fields: no client can have them forgotten
  const joinAudience = createAudiences();
  const questionOf = createQuestions(options);
  const keyOf = createQuestionKeys(scopes);

  return { execute, glance };

  function glance(question: Question, { reader, asker, keySecret }: Parameters<GlanceCached>[1]): CachedBytes | null {
    const { key, scope } = keyOf(question, asker, keySecret);
    const entry = reader.glance({ key, operation: question.name });
    return (
      entry && answerOf({ entry, status: 'HIT', level: 'L1', reason: null, changedTag: null }, { question, scope })
    );
  }

  async function execute(execution: CachedExecution): Promise<CachedResult> {
    if (!execution.takesParts || !isIncremental(execution.args.document)) return answer(execution);
    const stream = createPartStream(execution.client);
    const whole = answer({ ...execution, client: stream.client }, stream);
    const begun = await Promise.race([stream.first.then(() => null), whole]);
    if (begun) return begun;
    const notKept = whyNotKept(questionOf(execution.args), execution.directives);
    const status = notKept ? 'BYPASS' : 'MISS';
    return { parts: stream.parts(whole), report: { ...base, status, reason: notKept ?? 'answered in parts' } };
  }

  async function answer(execution: CachedExecution, stream?: PartStream): Promise<CachedResult> {
    const { args, asker, keySecret, directives } = execution;
    const at = now();
    const asked = questionOf(args);
    const notKept = whyNotKept(asked, directives);
    const isAfresh = notKept !== null || directives.noCache || directives.maxAgeS === 0;
    if (directives.onlyIfCached && isAfresh && notKept !== cannotBeExecuted) throw notCached();
    if (asked.notKept !== null || notKept) return bypass(execution, { reason: notKept, at, stream });
    const { question } = asked;

    // A run may look at more of the viewer than was known of its operation: its answer is kept under the wider key.
    let made: Made | null = null;
    for (;;) {
      const { key, scope } = keyOf(question, asker, keySecret);
      if (execution.sharedOnly && scope.includes('person')) throw new ForOnePerson();
      const learn = (seen: ReadonlySet<Aspect>) => scopes.learn(question.operationKey, asker, seen);
      const outcome = await readOnce(execution, { question, key, scope, learn, made, at, stream });
      if ('report' in outcome) return outcome;
      made = outcome.made;
    }
  }

  async function readOnce(execution: CachedExecution, asked: Asking): Promise<CachedResult | { made: Made | null }> {
    const { reader, client, directives } = execution;
    const { question, key, scope, at } = asked;
    const { name, plan } = question;
    const covers = ({ seen }: Made) => [...seen].every((aspect) => scope.includes(aspect));
    const audience = joinAudience(`${execution.asker.viewer.tenantId}\n${key}`, client);
    let made: Made | null = null;
    const compute = async ({ primary, atLeast }: ComputeWhere): Promise<Computed> => {
      if (asked.made?.computed && covers(asked.made) && !primary) return asked.made.computed;
      // What is sent as it is made cannot be taken back: it is read where it is sure to be new enough.
      const feed = asked.stream?.take() ?? null;
      const where = {
        primary: primary || feed !== null,
        at: made ? now() : at,
        signal: audience.signal,
        hardTimeoutMs,
      };
      const running = executeRun(execution, { plan, where, fields: fieldsOf(execution), onPart: feed?.push });
      feed?.follow(running);
      made = await running.catch((error: unknown) => {
        throw audience.signal.aborted ? new Abandoned() : error; // it was told to stop: no fault of those who come now
      });
      if (audience.signal.aborted) throw new Abandoned();
      // First of all: others may be waiting for this run under a key that says too little about them.
      // Held against the scope its key was made with: what is known by now may be wider.
      asked.learn(made.seen);
      if (!covers(made)) throw new WiderThanKnown();
      if (made.computed) return made.computed;
      if (made.stamp < atLeast && !where.primary) return compute({ primary: true, atLeast }); // a lagging replica
      throw new NotKept(made);
    };
    const maxAgeMs = (directives.maxAgeS ?? Infinity) * 1000;
    try {
      if (directives.onlyIfCached) {
        const found = await reader.find({ key, operation: name });
        if (!found || ageOf(found.entry) > maxAgeMs) throw notCached();
        return answerOf(found, asked);
      }
      const refresh = directives.noCache || maxAgeMs === 0;
      const stale = staleOf(plan);
      return answerOf(await reader.read({ key, operation: name, refresh, maxAgeMs, stale, compute }), asked);
    } catch (error) {
      if (error instanceof WiderThanKnown) return { made };
      if (error instanceof Abandoned && !client.aborted) return { made: null }; // it came as the others left
      if (error instanceof NotKept) {
        return {
          result: error.made.result,
          isCollapsed: error.made !== made,
          report: { ...base, reason: error.made.result.errors ? 'it has errors' : 'it says so itself' },
        };
      }
      throw error;
    } finally {
      audience.leave();
    }
  }

  function answerOf(read: ReadResult, { question, scope }: Pick<Asking, 'question' | 'scope'>): CachedBytes {
    const { entry, status, level } = read;
    const ageMs = status === 'HIT' || status === 'STALE' ? ageOf(entry) : 0;
    const { scope: reach, ...kept } = keptFacts(entry, scope);
    const report: CacheReport = {
      status,
      level,
      scope: reach,
      ageMs,
      // Whoever keeps what is older than it should be would make it older still.
      ttlMs: status === 'STALE' ? 0 : Math.max(0, entry.expiresAtMs - entry.storedAtMs - ageMs),
      // A hit is worth explaining only to whoever is told.
      reason:
        explainsHits || status !== 'HIT' ? `${explainRead(read)}; ${explainPlan(read, question.plan, scope)}` : null,
    };
    return { bytes: entry.body, report, question, isCollapsed: read.isJoined, ...kept };
  }

  function ageOf({ storedAtMs }: Entry): number {
    return Math.max(0, now().getTime() - storedAtMs);
  }

  function fieldsOf({ keySecret, directives }: CachedExecution): FieldOptions | null {
    if (!keepsFields || directives.noStore) return null;
    const maxAgeMs = (directives.maxAgeS ?? Infinity) * 1000;
    return { keySecret, codeHash, scopes: fieldScopes, refresh: directives.noCache || maxAgeMs === 0, maxAgeMs };
  }

  async function bypass(
    execution: CachedExecution,
    { reason, at, stream }: { reason: string | null; at: Date; stream?: PartStream },
  ): Promise<CachedResult> {
    const where = { at, primary: true, signal: execution.client, hardTimeoutMs };
    const fields = fieldsOf(execution);
    const feed = stream?.take() ?? null;
    const running = executeRun(execution, { plan: null, where, fields, onPart: feed?.push });
    feed?.follow(running);
    const { result } = await running;
    return { result, report: { ...base, reason } };
  }
}

interface Asking extends QuestionKey {
  question: Question;
  learn: (seen: ReadonlySet<Aspect>) => void;
  made: Made | null;
  at: Date;
  stream?: PartStream;
}

const base: CacheReport = { status: 'BYPASS', level: null, scope: 'TENANT', ageMs: 0, ttlMs: 0, reason: null };

function whyNotKept({ notKept }: AskedQuestion, { noStore }: RequestDirectives): string | null {
  return noStore && notKept !== cannotBeExecuted ? 'no-store' : notKept;
}

function notCached(): HttpError {
  return new HttpError('NOT_CACHED', 'There is no answer in the cache, and nothing else was asked for.');
}

function staleOf({ staleWhileRevalidateS, staleIfErrorS, staleWhenChanged }: CachePlan): StalePolicy | undefined {
  if (staleWhileRevalidateS === 0 && staleIfErrorS === 0) return undefined;
  return {
    whileRevalidateMs: staleWhileRevalidateS * 1000,
    ifErrorMs: staleIfErrorS * 1000,
    whenChanged: staleWhenChanged ? 'always' : 'on-error',
    isFailure,
  };
}
