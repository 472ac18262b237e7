import { createHash } from 'node:crypto';
import type { GraphQLResolveInfo } from 'graphql';
import { sql, type Kysely } from 'kysely';
import type { z } from 'zod';
import type { Tables } from '../db/tables.ts';
import { ConflictError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Context } from './context.ts';
import '../db/operations-tables.ts';
import { parseInput } from './validation.ts';

/**
 * What a mutation leaves behind: ids and plain values, nothing else. The payload's fields load the rows by these ids
 * after the commit, so a first answer and the answer to a retry are made the same way.
 */
export type Outcome = Record<string, string | string[] | number | boolean | null>;

export interface MutationOptions<Schema extends z.ZodType, Result extends Outcome> {
  /** Validates `input`; its messages name the field and say what to send. */
  input: Schema;
  /** Does the work inside one transaction. */
  run: (work: { input: z.output<Schema>; trx: Kysely<Tables>; context: Context }) => Promise<Result>;
}

type Resolver<Result> = (
  root: unknown,
  args: { input?: unknown },
  context: Context,
  info: GraphQLResolveInfo,
) => Promise<Result>;

/** The resolver of a mutation: validate, one transaction, audit, idempotency, and fresh loaders for the payload. */
export function mutation<Schema extends z.ZodType, Result extends Outcome>(
  options: MutationOptions<Schema, Result>,
): Resolver<Result> {
  return async (_root, args, context, info) => {
    const input = parseInput(options.input, args.input);
    let isRetry = false;
    const outcome = await context.db.write(async (trx) => {
      const first = await claimIdempotencyKey<Result>(trx, context, info, args.input);
      isRetry = first !== null;
      if (first) return first;
      const result = await options.run({ input, trx, context });
      await audit(trx, context, info.fieldName, result);
      await rememberOutcome(trx, context, info, result);
      return result;
    });
    context.clearLoaders();
    // The answer to the first try may have been lost, and its token with it. The payload is read from the same snapshot.
    if (isRetry) await context.db.coverEarlier();
    return outcome;
  };
}

/**
 * Takes the key for this request, or answers what the first request with it did. A concurrent twin waits here for
 * the first to commit: the unique row is the lock.
 */
async function claimIdempotencyKey<Result extends Outcome>(
  trx: Kysely<Tables>,
  context: Context,
  info: GraphQLResolveInfo,
  input: unknown,
): Promise<Result | null> {
  const { idempotencyKey: key, viewer } = context;
  if (!key) return null;
  const hash = createHash('sha256')
    .update(JSON.stringify([info.fieldName, input]))
    .digest('hex');
  const claimed = await trx
    .insertInto('idempotency_keys')
    .values({ person_id: viewer.personId, key, path: pathOf(info), request_hash: hash })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (claimed.numInsertedOrUpdatedRows) return null;
  const first = await trx
    .selectFrom('idempotency_keys')
    .select(['request_hash', 'outcome'])
    .where('person_id', '=', viewer.personId)
    .where('key', '=', key)
    .where('path', '=', pathOf(info))
    .executeTakeFirstOrThrow();
  if (first.request_hash !== hash) {
    throw new ConflictError('This Idempotency-Key was used with other input. Use a new key for a new request.');
  }
  return first.outcome as Result;
}

async function rememberOutcome(trx: Kysely<Tables>, context: Context, info: GraphQLResolveInfo, outcome: Outcome) {
  if (!context.idempotencyKey) return;
  await trx
    .updateTable('idempotency_keys')
    .set({ outcome: JSON.stringify(outcome) })
    .where('person_id', '=', context.viewer.personId)
    .where('key', '=', context.idempotencyKey)
    .where('path', '=', pathOf(info))
    .execute();
}

async function audit(trx: Kysely<Tables>, context: Context, action: string, outcome: Outcome) {
  const ids = Object.values(outcome)
    .flat()
    .filter((value): value is string => typeof value === 'string');
  await trx
    .insertInto('audit_log')
    .values({
      id: newId(),
      actor_id: context.viewer.personId,
      action,
      subjects: sql`${ids}::uuid[]`,
      request_id: context.requestId,
    })
    .execute();
}

/** The response key: two mutations of one request under two aliases are two requests to be told apart. */
function pathOf(info: GraphQLResolveInfo): string {
  return String(info.path.key);
}
