import { builder } from '../../graphql/builder.ts';
import { permissionLabel } from '../../graphql/viewer.ts';
import { selectRoles, type Role } from './loaders.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Role: Role;
  }
}

builder.node('Role', {
  description: 'What a group of people may do.',
  id: { resolve: (role) => role.id },
  loadOne: (id, context) => context.loaders.role.load(id),
  fields: (t) => ({
    key: t.exposeString('key', { description: 'A short name that stays the same: `agent`.' }),
    name: t.exposeString('name', { description: 'What people call it.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for.' }),
    permissions: t.stringList({
      description:
        'What it allows: `tickets:read` for the whole tenant, `tickets:read:sites` at own sites, `tickets:read:own` ' +
        'for own records.',
      resolve: ({ grants }) => grants.map(({ permission, reach }) => permissionLabel(permission, reach)).toSorted(),
    }),
  }),
});

builder.queryField('roles', (t) =>
  t.field({
    cacheControl: { maxAge: 3600 },
    type: ['Role'],
    description: 'Every role of the tenant, by key.',
    resolve: (_root, _args, context) => selectRoles(context.db.read).execute(),
  }),
);
