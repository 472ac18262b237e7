import { sql, type Expression, type SelectQueryBuilder } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { reading } from '../../db/reads/declared-reads.ts';
import { builder } from '../../graphql/builder.ts';
import { resolveConnection } from '../../graphql/connection.ts';
import { globalId } from '../../graphql/global-id.ts';
import { oneOf } from '../../graphql/one-of.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import { personColumns } from './table.ts';
import { byName } from './loaders.ts';
import { placementColumns } from './reach.ts';
import { searchPatterns } from './search-patterns.ts';

const PersonFilter = builder.inputType('PersonFilter', {
  description: 'Which people; every field given must hold.',
  fields: (t) => ({
    siteId: t.idList({ description: 'With any of these as their home site.' }),
    teamId: t.idList({ description: 'In any of these teams.' }),
    roleId: t.idList({ description: 'With any of these roles.' }),
    roleKey: t.stringList({
      description: 'With a role of any of these keys: `agent`. One role must fit both this and roleId.',
    }),
    active: t.boolean({ description: 'Only those who may come in, or only those who may not.' }),
    search: t.string({
      description: 'Words that their name, e-mail or username must all hold; upper case is lower case.',
    }),
  }),
});

const peopleInput = z.object({
  filter: z
    .object({
      siteId: z.array(globalId('Site')).nullish(),
      teamId: z.array(globalId('Team')).nullish(),
      roleId: z.array(globalId('Role')).nullish(),
      roleKey: z.array(z.string()).nullish(),
      active: z.boolean().nullish(),
      search: z.string().trim().max(200, 'Use at most 200 characters.').nullish(),
    })
    .nullish(),
});

type Filter = NonNullable<z.output<typeof peopleInput>['filter']>;

builder.queryField('people', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 600 },
      type: 'Person',
      description: 'The people your `people:read` reaches, by name.',
      authScopes: { permission: 'people:read' },
      args: { filter: t.arg({ type: PersonFilter, description: 'Which people.' }) },
      resolve: (_root, args, context, info) => {
        const { filter } = parseInput(peopleInput, { filter: args.filter });
        const reached = context.db.read
          .selectFrom('people')
          .where(withinReach(context.viewer, 'people:read', placementColumns));
        return resolveConnection({
          args,
          info,
          order: byName,
          id: sql.ref('people.id'),
          rows: (query) => query.select(personColumns),
          filtered: filtered(reached, filter ?? {}),
        });
      },
    },
    { name: 'PersonConnection' },
    { name: 'PersonEdge' },
  ),
);

builder.queryField('person', (t) =>
  t.field({
    cacheControl: { maxAge: 600 },
    type: 'Person',
    nullable: true,
    description: 'One person by their id; null where there is none.',
    args: { id: t.arg.id({ required: true, description: 'The person.' }) },
    resolve: (_root, args, context) => {
      const { id } = parseInput(z.object({ id: globalId('Person') }), args);
      return context.loaders.person.load(id);
    },
  }),
);

/** The people a search finds, as a condition; answered by the trigram index. */
export function matchesSearch(search: string): Expression<boolean> {
  return reading(['people'], sql<boolean>`people.id in (select search_people(${searchPatterns(search)}::text[]))`);
}

type PeopleQuery = SelectQueryBuilder<Tables, 'people', object>;

function filtered(query: PeopleQuery, { siteId, teamId, roleId, roleKey, active, search }: Filter): PeopleQuery {
  return query
    .where(oneOf('people.site_id', siteId))
    .$if(active != null, (people) => people.where('people.active', '=', active ?? true))
    .$if(Boolean(search), (people) => people.where(matchesSearch(search ?? '')))
    .$if(teamId != null, (people) =>
      people.where('people.id', 'in', (from) =>
        from.selectFrom('team_members as member').select('member.person_id').where(oneOf('member.team_id', teamId)),
      ),
    )
    .$if(roleId != null || roleKey != null, (people) =>
      people.where('people.id', 'in', (from) =>
        from
          .selectFrom('person_roles as held')
          .innerJoin('roles as role', 'role.id', 'held.role_id')
          .select('held.person_id')
          .where(oneOf('role.id', roleId))
          .where(oneOf('role.key', roleKey)),
      ),
    );
}
