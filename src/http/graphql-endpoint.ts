import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Seq } from '../cache/index.ts';
import { admit } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { runBatch } from './batch.ts';
import { createCachedReply } from './cached-reply.ts';
import { parseBody, parseSearch } from './graphql-params.ts';
import type { Limits } from './limits.ts';
import { createKnownRequests, type KnownRequest } from './known-requests.ts';
import { answerTypes } from './media-type.ts';
import { createReading, type ReadingOptions } from './reading.ts';
import { sendReply, type Reply } from './reply.ts';
import { readBody, refuseDeclaredLength } from './request-body.ts';
import { RequestEnd } from './request-end.ts';
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
  const replyWith = createCachedReply(options);
  const knownRequests = createKnownRequests();

  return async (asked: GraphqlRequest): Promise<void> => {
    const { request, response, record } = asked;
    admit(request, limits);
    refuseDeclaredLength(request, limits.bodyBytes);
    const ending = new RequestEnd(response, limits.durationMs);
    try {
      const identity = await Promise.race([ending.failed, authenticate(request, verifyToken)]);
      if (identity) record.tenantId = identity.tenantId;
      const reply = await Promise.race([ending.failed, answer(asked, identity, ending)]);
      if (options.timing) response.setHeader('Server-Timing', serverTiming(record));
      sendReply(request, response, reply);
    } finally {
      ending.settle();
    }
  };

  async function answer(asked: GraphqlRequest, identity: Identity | null, ending: RequestEnd): Promise<Reply> {
    const { request, record, search } = asked;
    const begin = async (since: Seq | null = null) =>
      identity && openReading(identity, { head: request, since, record });
    const reading = await begin(); // before the body: nobody who may not come in is listened to
    const body = request.method === 'GET' ? null : await readBody(request, limits.bodyBytes);
    const method = body ? 'POST' : 'GET';
    const accept = request.headers.accept ?? '*/*';
    const text = body ? body.toString('latin1') : (request.url ?? '');
    const sent = identity && { tenantId: identity.tenantId, method, accept, text };

    const known = sent && knownRequests.get(sent);
    const seen = known && reading?.glance(known.question);
    if (seen) {
      record.operation = known.operation;
      return replyWith(seen, { method, operationName: known.operation?.name ?? null, headers: known.headers });
    }
    const operations = body ? parseBody(body, limits) : parseSearch(search, limits);
    const idempotencyKey = request.headers['idempotency-key'];
    const caller = {
      identity,
      reading,
      record,
      signal: ending.signal,
      idempotencyKey: idempotencyKey === undefined ? null : String(idempotencyKey),
      acceptLanguage: request.headers['accept-language'],
    };
    if ('length' in operations) return runBatch(operations, caller, { run, openReading: begin, logger });
    const remember = (found: KnownRequest) => sent && knownRequests.set(sent, found);
    return run(operations, { ...caller, method, accept: answerTypes(accept).join(', '), remember });
  }
}
