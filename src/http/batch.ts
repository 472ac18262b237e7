import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import type { Seq } from '../cache/index.ts';
import { errorBody, statusOf } from './answer.ts';
import type { AskedOperation } from './graphql-params.ts';
import type { Reading } from './reading.ts';
import { refusalOf } from './refusal.ts';
import type { Reply } from './reply.ts';
import type { RequestRecord } from './request-record.ts';
import type { Caller, RunOperation } from './run-operation.ts';

export interface BatchOptions {
  run: RunOperation;
  /** Begins another reading: what was acknowledged until now is seen; in every mode, at least the change of this token. */
  openReading: (since: Seq | null) => Promise<Reading | null>;
  logger: Logger;
}

/** A batch is asked by POST, for JSON. */
export type BatchCaller = Omit<Caller, 'method' | 'accept'>;

/**
 * Answers the operations of a batch in their order, one after another, each as if it had been sent by itself: with its
 * own result and errors, its own cached answer, and what those before it have changed. The whole is kept by nobody.
 */
export async function runBatch(
  operations: readonly AskedOperation[],
  caller: BatchCaller,
  options: BatchOptions,
): Promise<Reply> {
  const { record, idempotencyKey, signal } = caller;
  const replies: Reply[] = [];
  let current: Promise<Reading | null> | null = Promise.resolve(caller.reading);
  for (const [index, operation] of operations.entries()) {
    signal.throwIfAborted(); // nobody waits for the rest
    const own: RequestRecord = { ...record, operation: null, codes: [] };
    current ??= options.openReading(latestToken(replies));
    const key = idempotencyKey && keyOf(idempotencyKey, index);
    replies.push(await replyTo(operation, { ...caller, record: own, idempotencyKey: key, reading: current }, options));
    record.codes.push(...own.codes);
    if (own.operation?.type === 'mutation') current = null;
  }
  record.operation = { type: 'batch', name: null };
  return together(replies);
}

/** What goes wrong for one operation is its own answer. */
async function replyTo(
  operation: AskedOperation,
  caller: Omit<BatchCaller, 'reading'> & { reading: Promise<Reading | null> },
  { run, logger }: BatchOptions,
): Promise<Reply> {
  const { record } = caller;
  try {
    const reading = await caller.reading;
    return await run(operation, { ...caller, reading, method: 'POST', accept: 'application/json' });
  } catch (error) {
    const refusal = refusalOf(error, record, logger);
    record.codes.push(refusal.code);
    const body = Buffer.from(JSON.stringify(errorBody(refusal)));
    return { status: statusOf(refusal, false), headers: {}, etag: null, body: () => body };
  }
}

/** An Idempotency-Key is for one mutation: in a batch each has its own, the same one when the batch is sent again. */
function keyOf(key: string, index: number): string {
  return createHash('sha256').update(`${index}\n${key}`).digest('base64url');
}

/** One status only where all have the same; the token is that of the latest change. */
function together(replies: readonly Reply[]): Reply {
  const statuses = new Set(replies.map(({ status }) => status));
  const [first = 200] = statuses;
  const token = latestToken(replies);
  const parts = replies.flatMap(({ body }, index) => [Buffer.from(index === 0 ? '[' : ','), body()]);
  return {
    status: statuses.size === 1 ? first : 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(token !== null && { 'X-Cache-Token': String(token) }),
    },
    etag: null,
    body: () => Buffer.concat([...parts, Buffer.from(']')]),
  };
}

function latestToken(replies: readonly Reply[]): Seq | null {
  const tokens = replies.flatMap(({ headers }) => headers['X-Cache-Token'] ?? []);
  return tokens.length > 0 ? Math.max(...tokens.map(Number)) : null;
}
