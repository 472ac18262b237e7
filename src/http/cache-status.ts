/** As much of a cache report as `Cache-Status` tells. */
export interface StatusReport {
  readonly status: 'HIT' | 'MISS' | 'STALE' | 'BYPASS';
  readonly ttlMs: number;
  readonly reason: string | null;
}

export interface StatusOptions {
  /** Whether the answer was kept. */
  stored: boolean;
  /** Whether it was made for somebody else who asked for the same. @default false */
  collapsed?: boolean;
  /** Whether to say why: names types of the schema. */
  detail: boolean;
}

/** Reasons that say that there was an answer, and that it could not be served any more. */
const stale = /^(expired|changed|purged|soft-purge|stale)\b/;
/** Reasons that the request itself gave. */
const requested = /^(refresh|no-cache|no-store|max-age)\b/;

/** The `Cache-Status` of an answer (RFC 9211), in whole seconds; `ttl` is negative once an answer has expired. */
export function cacheStatus(report: StatusReport, { stored, collapsed = false, detail }: StatusOptions): string {
  const ttl = `ttl=${Math.floor(report.ttlMs / 1000)}`;
  const why = detail && report.reason ? [`detail=${quoted(report.reason)}`] : [];
  if (report.status === 'HIT') return ['freshfield', 'hit', ttl].join('; ');
  if (report.status === 'STALE') return ['freshfield', 'hit', ttl, ...why].join('; ');
  const kept = stored && report.ttlMs > 0 ? ['stored', ttl] : []; // what ended while it was made is not kept
  const shared = collapsed ? ['collapsed'] : [];
  return ['freshfield', `fwd=${forwarded(report)}`, ...shared, ...kept, ...why].join('; ');
}

/** Why the answer was computed. */
function forwarded({ status, reason }: StatusReport): string {
  if (reason && requested.test(reason)) return 'request';
  if (status === 'BYPASS') return 'bypass';
  return reason && stale.test(reason) ? 'stale' : 'miss';
}

/** A string of a structured field (RFC 9651): printable ASCII, with `"` and `\` escaped. */
function quoted(text: string): string {
  const printable = text.slice(0, 128).replaceAll(/[^\x20-\x7e]/g, '?');
  return `"${printable.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
