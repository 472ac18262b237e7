import type { Logger } from 'pino';
import type { CacheEvent, Events } from '../cache/index.ts';

/** How much a kind of event matters to whoever reads the log. */
const levels: Readonly<Record<CacheEvent['type'], 'warn' | 'debug' | 'trace'>> = {
  breaker: 'warn',
  error: 'warn',
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
    if (event.type !== 'error') return logger[levels[event.type]]({ cache: event }, `cache ${event.type}`);
    const now = monotonicMs();
    if (now - (lastSaidMs.get(event.where) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return;
    lastSaidMs.set(event.where, now);
    const reason = event.error instanceof Error ? event.error.message : 'unknown';
    logger.warn({ cache: { type: event.type, where: event.where, reason } }, 'the cache goes on without');
  });
}
