import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/app/logger.ts';

function capture(pretty: boolean) {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', pretty, destination: { write: (line) => void lines.push(line) } });
  return { logger, lines };
}

describe('the log', () => {
  it('is one JSON object per line, with the time and the level in words', () => {
    const { logger, lines } = capture(false);
    logger.info({ tenant: 'acme' }, 'Hello');
    const entry = JSON.parse(lines[0] ?? '') as Record<string, string>;
    expect(entry).toMatchObject({ level: 'info', tenant: 'acme', msg: 'Hello' });
    expect(entry.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it.each(['authorization', 'cookie', 'set-cookie', 'token', 'password', 'secret', 'connectionString'])(
    'never shows %s, however deep it lies',
    (name) => {
      const { logger, lines } = capture(false);
      const secret = { [name]: 'geheim' };
      logger.warn(secret, 'flat');
      logger.warn({ headers: secret }, 'one down');
      logger.warn({ request: { headers: secret } }, 'two down');
      logger.warn({ a: { request: { headers: secret } } }, 'three down');
      expect(lines).toHaveLength(4);
      for (const line of lines) expect(line).toContain('[redacted]');
      expect(lines.join('')).not.toContain('geheim');
    },
  );

  it('is readable on a terminal, and keeps the stack of an error', () => {
    const { logger, lines } = capture(true);
    logger.error({ err: new Error('Broken'), requestId: 'r1' }, 'It failed');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d error It failed {2}requestId="r1"\nError: Broken\n +at /);
  });
});
