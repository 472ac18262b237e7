import { builder } from '../../graphql/builder.ts';
import { nestedConnection } from '../../graphql/nested-connection.ts';
import type { Team } from './loaders.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Team: Team;
  }
}

builder.node('Team', {
  description: 'People who work on the same kind of ticket.',
  id: { resolve: (team) => team.id },
  loadOne: (id, context) => context.loaders.team.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it; unique at the tenant.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it looks after.' }),
    members: t.connection(
      {
        type: 'Person',
        nullable: true,
        description: 'Those of its people whom your `people:read` reaches, by name; null without that permission.',
        authScopes: { permission: 'people:read' },
        resolve: ({ id }, args, { loaders }) =>
          nestedConnection(loaders.teamMembers, {
            parentId: id,
            args,
            totalCount: () => loaders.teamMemberCount.load(id),
          }),
      },
      { name: 'TeamMembersConnection' },
      { name: 'TeamMembersEdge' },
    ),
  }),
});

builder.queryField('teams', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    type: ['Team'],
    description: 'Every team of the tenant, by name.',
    resolve: (_root, _args, context) =>
      context.db.read.selectFrom('teams').selectAll().orderBy('name').orderBy('id').execute(),
  }),
);
