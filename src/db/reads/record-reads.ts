import type { KyselyPlugin } from 'kysely';
import type { Tag } from '../../cache/index.ts';
import { readsOf } from './reads-of.ts';
import type { TrackedTables } from './tracked-tables.ts';

/** Runs before the tenant's condition is added: every read is the tenant's, and tags are the tenant's too. */
export function recordReads(tracked: TrackedTables, reads: Set<Tag>): KyselyPlugin {
  return {
    transformQuery({ node }) {
      for (const tag of readsOf(node, tracked)) reads.add(tag);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
}
