import { sql, type Kysely } from 'kysely';
import type { Tag } from '../cache/index.ts';
import { AppError } from '../errors.ts';
import type { Tables } from './tables.ts';

/** How many tags one call may announce. */
export const maxAnnouncedTags = 500;

const tag = /^[~!]?(\*|[ELAPT]:[^\p{Cc}]{1,300})$/u;

/**
 * Says, in a transaction, that whatever depends on these tags has changed, or counts as expired (`softly`), though no row
 * did: a purge, or a change outside SQL (`T:weather`, the counterpart of `session.dependOn('weather')`). It counts for
 * the tenant of the transaction. The tags are as docs/what-invalidates-what.md has them.
 */
export async function announceTags(trx: Kysely<Tables>, tags: readonly Tag[]): Promise<void> {
  const isUsable = tags.length > 0 && tags.length <= maxAnnouncedTags && tags.every((each) => tag.test(each));
  if (!isUsable) {
    const advice = `Announce 1 to ${maxAnnouncedTags} tags, such as E:ticket:<id>, L:ticket, T:weather or *.`;
    throw new AppError('INTERNAL_SERVER_ERROR', advice);
  }
  await sql`select log_tags(${[...tags]}::text[])`.execute(trx);
}
