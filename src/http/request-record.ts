import type { Logger } from 'pino';
import type { SessionCost } from '../db/session.ts';
import type { TenantId } from '../ids.ts';

/** What is known of one request so far; its line in the log is made of it. */
export interface RequestRecord {
  readonly requestId: string;
  /** Of the monotonic clock, in milliseconds. */
  readonly startedAt: number;
  tenantId: TenantId | null;
  operation: { type: string; name: string | null } | null;
  /** Codes of the errors that were answered. */
  codes: string[];
  /** What the database was asked. */
  readonly cost: SessionCost;
}

export function openRecord(requestId: string): RequestRecord {
  const cost = { statements: 0, durationMs: 0 };
  return { requestId, startedAt: performance.now(), tenantId: null, operation: null, codes: [], cost };
}

/** Counts what one of the request's sessions has cost. */
export function addCost({ cost }: RequestRecord, { statements, durationMs }: Readonly<SessionCost>): void {
  cost.statements += statements;
  cost.durationMs += durationMs;
}

/** One line per request: no variables, no headers, no names of people. */
export function logRequest(
  logger: Logger,
  record: RequestRecord,
  http: { method: string; path: string; status: number; aborted: boolean },
): void {
  const { requestId, tenantId, operation, codes, cost, startedAt } = record;
  const line = {
    requestId,
    tenantId,
    ...http,
    operation: operation?.name?.slice(0, 64) ?? null,
    operationType: operation?.type ?? null,
    ...(codes.length > 0 && { codes: [...new Set(codes)] }),
    durationMs: rounded(performance.now() - startedAt),
    statements: cost.statements,
    sqlMs: rounded(cost.durationMs),
  };
  if (http.status >= 500) logger.warn(line, 'request');
  else logger.info(line, 'request');
}

/** For developers, in the browser's network panel: how many statements a request took, and how long. */
export function serverTiming({ cost, startedAt }: RequestRecord): string {
  const statements = `${cost.statements} statement${cost.statements === 1 ? '' : 's'}`;
  const total = rounded(performance.now() - startedAt);
  return `sql;desc="${statements}";dur=${rounded(cost.durationMs)}, total;dur=${total}`;
}

function rounded(durationMs: number): number {
  return Math.round(durationMs * 10) / 10;
}
