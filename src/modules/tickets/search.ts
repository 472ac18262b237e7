import { sql, type RawBuilder } from 'kysely';
import { z } from 'zod';

export const ticketSearch = z.string().trim().max(200, 'Use at most 200 characters.').nullish();

/** Text in the title or the description (\, % and _ stand for themselves), or a number, with or without its #. */
export function matchesSearch(search: string | null | undefined): RawBuilder<boolean> {
  if (!search) return sql<boolean>`true`;
  const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const number = Number(/^#?(\d{1,9})$/.exec(search)?.[1] ?? Number.NaN);
  return sql<boolean>`tickets.id in (select search_tickets(${pattern}, ${Number.isNaN(number) ? null : number}))`;
}
