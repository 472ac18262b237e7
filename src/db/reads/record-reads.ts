import type { CompiledQuery } from 'kysely';
import type { Tag } from '../../cache/index.ts';
import { readsOf } from './reads-of.ts';
import type { TrackedTables } from './tracked-tables.ts';

/**
 * Adds what a statement is about to read. From the tree it was compiled from, whole: a query inside another one is seen
 * where it stands, with what is known around it.
 */
export function recordReads(statement: CompiledQuery, tracked: TrackedTables, into: readonly Set<Tag>[]): void {
  for (const tag of readsOf(statement.query, tracked)) for (const reads of into) reads.add(tag);
}
