import { sentHeaders } from './sent-headers.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type pg from 'pg';
import { purge } from '../db/cache-purge.ts';
import { createTenantSession } from '../db/session.ts';
import { findTenantId } from '../db/tenant-by-slug.ts';
import { AppError, NotFoundError } from '../errors.ts';
import type { CacheManager } from '../graphql/cache-manager.ts';
import { admit } from './admission.ts';
import { sendJson } from './answer.ts';
import { HttpError } from './http-error.ts';
import type { Limits } from './limits.ts';
import { parsePurge } from './purge-request.ts';
import { checkSignature } from './purge-signature.ts';
import { readBody, refuseDeclaredLength } from './request-body.ts';
import { RequestEnd } from './request-end.ts';
import { addCost, type RequestRecord } from './request-record.ts';

export interface PurgeEndpointOptions {
  /** What requests are signed with. */
  secret: string;
  pool: pg.Pool;
  cacheManager: CacheManager;
  limits: Limits;
  /** The clock. */
  now: () => Date;
}

export type PurgeEndpoint = (
  request: IncomingMessage,
  response: ServerResponse,
  record: RequestRecord,
) => Promise<void>;

/** 500 ids and some more. */
const maxBodyBytes = 64 * 1024;

/**
 * `POST /cache/purge`, for systems that know of changes the database does not hear of. Whoever has the secret may purge
 * for any tenant, and learns nothing but which there are. No request is carried out twice.
 */
export function createPurgeEndpoint(options: PurgeEndpointOptions): PurgeEndpoint {
  const { secret, pool, cacheManager, limits, now } = options;

  return async (request, response, record) => {
    if (request.method !== 'POST') {
      const headers = { Allow: 'POST' };
      throw new HttpError('BAD_USER_INPUT', 'Purges are sent by POST.', { status: 405, headers });
    }
    admit(request, limits);
    refuseDeclaredLength(request, maxBodyBytes);
    const ending = new RequestEnd(response, limits.durationMs);
    try {
      const body = await Promise.race([ending.failed, carryOut(request, record)]);
      sendJson(response, { status: 200, body });
    } finally {
      ending.settle();
    }
  };

  async function carryOut(request: IncomingMessage, record: RequestRecord): Promise<object> {
    const body = await readBody(request, maxBodyBytes);
    const sent = sentHeaders(request, 'x-freshfield-signature');
    const signature = checkSignature({ secret, sent, body, now: now() });
    const { tenant, order } = parsePurge(parseJson(body));
    const tenantId = await findTenantId(pool, tenant);
    if (!tenantId) throw new NotFoundError(`The tenant "${tenant}"`);
    const { requestId } = record;
    record.tenantId = tenantId;
    const session = createTenantSession({ pool, tenantId });
    try {
      const { soft, dryRun, target } = order;
      const { tags, here } = await session.write((trx) =>
        purge(trx, order, {
          by: { via: 'signed', signature, requestId },
          now: now(),
          ...(dryRun && { count: (wanted, softly) => cacheManager.count(tenantId, wanted, softly) }),
        }),
      );
      const facts = { by: target.kind, tags: tags.length, soft, dryRun };
      cacheManager.tell({ action: 'purge', tenantId, via: 'signed', requestId, facts });
      const counted = { entriesHere: here?.entries ?? null, bytesHere: here?.bytes ?? null };
      const token = session.written.token;
      return { tenant, purged: { tags, soft, dryRun, ...counted }, token: token === null ? null : String(token) };
    } finally {
      addCost(record, session.cost);
      await session.close();
    }
  }
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', 'The body is not JSON in UTF-8.', { cause });
  }
}
