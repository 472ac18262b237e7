import { sql, type Expression } from 'kysely';
import { z } from 'zod';
import { reading } from '../../db/reads/declared-reads.ts';

export const ticketSearch = z.string().trim().max(200, 'Use at most 200 characters.').nullish();

/** Text in the title or the description (\, % and _ stand for themselves), or a number, with or without its #. */
export function matchesSearch(search: string | null | undefined): Expression<boolean> {
  if (!search) return sql<boolean>`true`;
  const pattern = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const number = Number(/^#?(\d{1,9})$/.exec(search)?.[1] ?? Number.NaN);
  const found = sql<boolean>`tickets.id in (select search_tickets(${pattern}, ${Number.isNaN(number) ? null : number}))`;
  return reading(['tickets'], found);
}
