import { sql } from 'kysely';
import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import { personColumns } from './table.ts';
import { matchesSearch } from './list.ts';
import { placementColumns } from './reach.ts';

const searchInput = z.object({
  query: z
    .string()
    .trim()
    .min(2, 'Send at least 2 characters of a name, an e-mail or a username.')
    .max(200, 'Send at most 200 characters.'),
  first: z.int().min(1, 'Send a number from 1 to 50.').max(50, 'Send a number from 1 to 50.').default(10),
});

builder.queryField('searchPeople', (t) =>
  t.field({
    cacheControl: { maxAge: 600 },
    type: ['Person'],
    description:
      'For autocompletion: the people your `people:read` reaches whose name, e-mail or username holds every word of the ' +
      'query, the most alike first. A word of two letters is looked for at the start of words only.',
    authScopes: { permission: 'people:read' },
    args: {
      query: t.arg.string({ required: true, description: 'What was typed so far; 2 to 200 characters.' }),
      first: t.arg.int({ defaultValue: 10, description: 'How many at most; 1 to 50.' }),
    },
    resolve: (_root, args, context) => {
      const { query, first } = parseInput(searchInput, { query: args.query, first: args.first ?? undefined });
      const alike = (column: string) => sql`similarity(${sql.ref(`people.${column}`)}, ${query})`;
      const document = sql`(people.name || ' ' || people.email || ' ' || people.username)`;
      return context.db.read
        .selectFrom('people')
        .select(personColumns)
        .where(matchesSearch(query))
        .where(withinReach(context.viewer, 'people:read', placementColumns))
        .orderBy(sql`word_similarity(${query}, ${document}) desc`)
        .orderBy(sql`greatest(${alike('name')}, ${alike('email')}, ${alike('username')}) desc`)
        .orderBy('people.name')
        .orderBy('people.id')
        .limit(first)
        .execute();
    },
  }),
);
