import { buildSchema, parse } from 'graphql';
import { expect, it } from 'vitest';
import type { Entry, ReadResult } from '../../src/cache/index.ts';
import { noDirectives } from '../../src/http/request-directives.ts';
import { createResponseCache, type CachedExecution } from '../../src/http/response-cache.ts';
import { testNow } from '../support/world.ts';

it('what is served stale has no time left, whatever was left of it when its data changed', async () => {
  const schema = buildSchema(/* GraphQL */ `
    directive @cacheControl(maxAge: Int, clientMaxAge: Int, staleIfError: Int) on FIELD_DEFINITION
    type Query {
      clock: String @cacheControl(maxAge: 600, clientMaxAge: 60, staleIfError: 60)
    }
  `);
  const storedAtMs = testNow.getTime();
  const entry = {
    body: Buffer.from('{"clock":"old"}'),
    meta: { etag: '"old"', clientMaxAgeS: 60 },
    tags: [],
    storedAtMs,
    expiresAtMs: storedAtMs + 600_000,
  } as unknown as Entry;
  const stale: ReadResult = {
    entry,
    status: 'STALE',
    level: 'L1',
    reason: 'changed',
    changedTag: null,
    because: 'error',
  };
  const { execute } = createResponseCache({ schema, schemaHash: '', hardTimeoutMs: 1_000, now: () => testNow });
  const { report } = await execute({
    args: { schema, document: parse('{ clock }') },
    reader: { read: async () => stale },
    asker: { viewer: { tenantId: 'acme' }, locale: 'en' },
    client: new AbortController().signal,
    directives: noDirectives,
    keySecret: 'secret',
    takesParts: false,
  } as unknown as CachedExecution);
  expect(report).toMatchObject({ status: 'STALE', ttlMs: 0 }); // so no client keeps it without asking
});
