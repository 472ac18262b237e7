import type { CacheOptions, FindRequest, ReadRequest, ReadResult } from '../cache.ts';
import type { Tenant } from '../coherence/change-log.ts';
import type { Emit, MissReason } from '../events.ts';
import { askedFor } from './asked-for.ts';
import { tellHit } from './levels.ts';

/** `compute` rejects with one of these where whoever waited asks anew, under another key: that read has no outcome. */
export class AskAgain extends Error {}

/** Why a read is no hit, as soon as that is known: so that one which fails can say it, too. */
export interface Why {
  reason: MissReason;
}

type Answer = (request: ReadRequest, why: Why) => Promise<ReadResult>;

/** One read, one outcome: told once it is settled, and not by what is made in the background. */
export async function withOutcome(
  { options, tenant }: { options: CacheOptions; tenant: Tenant },
  request: ReadRequest,
  answer: Answer,
): Promise<ReadResult> {
  const why: Why = { reason: 'absent' };
  try {
    const found = await answer(request, why);
    const isTooOld =
      found.status !== 'MISS' && options.nowMs() - found.entry.storedAtMs > (request.maxAgeMs ?? Infinity);
    const result = isTooOld ? await answer({ ...request, refresh: true }, why) : found;
    tellRead(options, tenant, request, result);
    return result;
  } catch (error) {
    if (!(error instanceof AskAgain)) tellMiss(options.emit, tenant, request, why.reason);
    throw error;
  }
}

export function tellMiss(emit: Emit, tenant: Tenant, request: FindRequest, reason: MissReason): void {
  emit({ type: 'miss', ...askedFor(tenant, request), reason });
}

function tellRead(options: CacheOptions, tenant: Tenant, request: FindRequest, result: ReadResult): void {
  const { entry, level, reason, because } = result;
  if (because && reason) options.emit({ type: 'stale-served', ...askedFor(tenant, request), reason, because });
  else if (reason) tellMiss(options.emit, tenant, request, reason);
  else if (level) tellHit(options, tenant, request, { entry, level });
}
