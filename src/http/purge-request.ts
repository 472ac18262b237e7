import { z } from 'zod';
import { purgeFields, toPurgeOrder } from '../graphql/purge-input.ts';
import { parseInput } from '../graphql/validation.ts';
import type { PurgeOrder } from '../db/cache-purge.ts';

const slug = z.string('Send the slug of the tenant.').min(1, 'Send the slug of the tenant.').max(63);

const request = z
  .strictObject({ tenant: slug, ...purgeFields })
  .transform(({ tenant, ...fields }, context) => ({ tenant, order: toPurgeOrder(fields, context) }));

/** What to purge, of whom: from a system that is not a person. Fails with a ValidationError that names every field. */
export function parsePurge(asked: unknown): { tenant: string; order: PurgeOrder } {
  return parseInput(request, asked);
}
