import type { Logger } from 'pino';
import type { CacheEvent, Events } from '../cache/index.ts';

/** How much a kind of event matters to whoever reads the log. */
const levels: Readonly<Record<CacheEvent['type'], 'warn' | 'debug' | 'trace'>> = {
  breaker: 'warn',
  error: 'warn',
  'rejected-blob': 'warn',
  evict: 'debug',
  'stale-refused': 'debug',
  'stale-served': 'debug',
  renewal: 'trace',
  hit: 'trace',
  miss: 'trace',
  store: 'trace',
  sync: 'trace',
  remote: 'trace',
  'flight-join': 'trace',
};

/** The longest the same trouble stays unsaid, in milliseconds: a Redis that is away fails every command. */
const repeatAfterMs = 10_000;

/** Writes what the cache does into the log; trouble that goes on is said once in a while. */
export function logCacheEvents(events: Events, logger: Logger, monotonicMs: () => number): void {
  const lastSaidMs = new Map<string, number>();
  events.subscribe((event) => {
    const trouble = troubleOf(event);
    if (!trouble) return logger[levels[event.type]]({ cache: event }, `cache ${event.type}`);
    const kind = `${trouble.where}: ${event.type === 'error' ? '' : trouble.reason}`;
    const now = monotonicMs();
    if (now - (lastSaidMs.get(kind) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return;
    lastSaidMs.set(kind, now);
    logger.warn({ cache: { type: event.type, ...trouble } }, 'the cache goes on without');
  });
}

/** What is wrong, for events of which thousands may say the same. */
function troubleOf(event: CacheEvent): { where: string; reason: string } | null {
  if (event.type === 'rejected-blob') return { where: 'remote get', reason: event.reason };
  if (event.type !== 'error') return null;
  return { where: event.where, reason: event.error instanceof Error ? event.error.message : 'unknown' };
}
