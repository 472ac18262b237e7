import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logCacheEvents } from '../../src/app/log-cache-events.ts';
import { createEvents } from '../../src/cache/index.ts';

it('says what is wrong with the second level once in ten seconds for each reason, whatever its number', () => {
  const lines: { cache: { reason: string }; level: number }[] = [];
  const logger = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const clock = { ms: 0 };
  const events = createEvents();
  logCacheEvents(events, logger, () => clock.ms);
  const said = () => lines.splice(0).map(({ cache }) => cache.reason);
  for (let index = 0; index < 1_000; index += 1) {
    events.emit({ type: 'rejected-blob', tenant: 'acme', reason: 'damaged' });
    events.emit({ type: 'rejected-blob', tenant: 'globex', reason: 'unknown-key' });
    events.emit({ type: 'error', where: 'remote get', error: new Error('away') });
  }
  expect(said()).toEqual(['damaged', 'unknown-key', 'away']);
  clock.ms += 10_000;
  events.emit({ type: 'rejected-blob', tenant: 'acme', reason: 'damaged' });
  expect(said()).toEqual(['damaged']);
});
