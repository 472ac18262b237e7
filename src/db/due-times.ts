import { sql, type RawBuilder } from 'kysely';

/** Of many instants: the last before a given one, and the first from then on; in milliseconds since 1970, or parts of them. */
export interface InstantsAround {
  last: number | null;
  next: number | null;
}

/** Of the rows of an aggregate query: the instants in this column that lie around `at`. */
export function instantsAround(column: string, at: Date): RawBuilder<InstantsAround> {
  const instant = sql.ref(column);
  // What never comes, or has always been, is no instant.
  const ms = (found: RawBuilder<unknown>) =>
    sql`extract(epoch from nullif(nullif(${found}, 'infinity'), '-infinity')) * 1000`;
  return sql<InstantsAround>`jsonb_build_object(
    'last', ${ms(sql`max(${instant}) filter (where ${instant} < ${at})`)},
    'next', ${ms(sql`min(${instant}) filter (where ${instant} >= ${at})`)}
  )`;
}
