import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Seq } from '../cache/index.ts';
import { admit } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { runBatch } from './batch.ts';
import { parseBody, parseSearch } from './graphql-params.ts';
import type { Limits } from './limits.ts';
import { answerTypes } from './media-type.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { sendReply, type Reply } from './reply.ts';
import { readBody, refuseDeclaredLength } from './request-body.ts';
import { endOf } from './request-end.ts';
import { serverTiming, type RequestRecord } from './request-record.ts';
import { createRunOperation, type RunOperationOptions } from './run-operation.ts';
import type { Identity } from './tokens.ts';

export interface GraphqlEndpointOptions extends ReadingOptions, RunOperationOptions {
  verifyToken: (token: string) => Promise<Identity>;
  limits: Limits;
  /** Whether answers carry Server-Timing. */
  timing: boolean;
}

export interface GraphqlRequest {
  request: IncomingMessage;
  response: ServerResponse;
  search: URLSearchParams;
  record: RequestRecord;
}

/**
 * One GraphQL request: its head, then the token, then the body, then GraphQL, then what of the answer is sent. Whatever
 * becomes of it, it ends: with an answer, a refusal, an error, when the client goes away, and when its time is up.
 */
export function createGraphqlEndpoint(options: GraphqlEndpointOptions) {
  const { limits, verifyToken, logger } = options;
  const openReading = createReading(options);
  const run = createRunOperation(options);

  return async (asked: GraphqlRequest): Promise<void> => {
    const { request, response, record } = asked;
    admit(request, limits);
    refuseDeclaredLength(request, limits.bodyBytes);
    const ending = endOf(response, limits.durationMs);
    try {
      const identity = await Promise.race([ending.failed, authenticate(request, verifyToken)]);
      if (identity) record.tenantId = identity.tenantId;
      const reply = await Promise.race([ending.failed, answer(asked, identity, ending.signal)]);
      if (options.timing) response.setHeader('Server-Timing', serverTiming(record));
      sendReply(request, response, reply);
    } finally {
      ending.settle();
    }
  };

  async function answer(asked: GraphqlRequest, identity: Identity | null, signal: AbortSignal): Promise<Reply> {
    const { request, record } = asked;
    const begin = async (since: Seq | null = null) =>
      identity && openReading(identity, { head: request, since, record });
    const reading = await begin(); // before the body: nobody who may not come in is listened to
    const operations = await operationsOf(asked);
    const idempotencyKey = request.headers['idempotency-key'];
    const caller = {
      identity,
      reading,
      record,
      signal,
      idempotencyKey: idempotencyKey === undefined ? null : String(idempotencyKey),
      acceptLanguage: request.headers['accept-language'],
    };
    if ('length' in operations) return runBatch(operations, caller, { run, openReading: begin, logger });
    const method = request.method === 'GET' ? 'GET' : 'POST';
    return run(operations, { ...caller, method, accept: answerTypes(request.headers.accept).join(', ') });
  }

  async function operationsOf({ request, search }: GraphqlRequest) {
    if (request.method === 'GET') return parseSearch(search, limits);
    return parseBody(await readBody(request, limits.bodyBytes), limits);
  }
}
