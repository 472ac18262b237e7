import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import './loaders.ts';
import { mayDo, mayRead } from './reach.ts';
import type { PersonRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Person: PersonRow;
  }
}

/** Beyond the directory entry: for those whose `people:read` reaches this person, and for the person. */
const withinReach = {
  nullable: true,
  authScopes: (person: PersonRow, _args: object, { viewer }: Context) => mayRead(viewer, person),
} as const;

builder.node('Person', {
  description:
    'Somebody who works for the tenant or asks it for help. Every colleague may see the directory entry: name, email, ' +
    'title, site and active. The rest is null, with a FORBIDDEN error, where your `people:read` does not reach them.',
  id: { resolve: (person) => person.id },
  loadOne: (id, context) => context.loaders.person.load(id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Their full name.' }),
    email: t.exposeString('email', { description: 'Their address, in lower case; unique at the tenant.' }),
    title: t.exposeString('title', { nullable: true, description: 'What they do.' }),
    site: t.field({
      type: 'Site',
      nullable: true,
      description: 'Their home site.',
      resolve: ({ site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
    active: t.exposeBoolean('active', { description: 'Whether they may come in; false once deactivated.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When they were added.' }),
    version: t.exposeInt('version', { description: 'Send it back with an update, so that no change is overwritten.' }),
    username: t.exposeString('username', {
      ...withinReach,
      description: 'What they are called at sign-in; null where you may not see it.',
    }),
    phone: t.exposeString('phone', {
      ...withinReach,
      description: 'Their number; null where they have none or you may not see it.',
    }),
    sites: t.field({
      type: ['Site'],
      ...withinReach,
      description: 'Every site they work at, their home site first; null where you may not see it.',
      resolve: async (person, _args, context) => {
        const memberships = await context.loaders.memberships.load(person.id);
        const ids = [person.site_id, ...(memberships?.otherSiteIds ?? [])].filter((id) => id !== null);
        const sites = await Promise.all(ids.map((id) => context.loaders.site.load(id)));
        return sites.filter((site) => site !== null);
      },
    }),
    teams: t.field({
      type: ['Team'],
      ...withinReach,
      description: 'The teams they are in, by name; null where you may not see them.',
      resolve: async ({ id }, _args, context) => (await context.loaders.memberships.load(id))?.teams ?? [],
    }),
    roles: t.field({
      type: ['Role'],
      ...withinReach,
      description: 'What they may do, by key; null where you may not see it.',
      resolve: async ({ id }, _args, context) => (await context.loaders.memberships.load(id))?.roles ?? [],
    }),
    emergencyContact: t.string({
      nullable: true,
      cacheControl: { maxAge: 0 }, // never kept anywhere
      authScopes: (person, _args, { viewer }) => mayDo(viewer, 'people:sensitive', person),
      description: 'Whom to call if something happens to them. Needs `people:sensitive`: null, with an error, without.',
      resolve: ({ id }, _args, context) => context.loaders.emergencyContact.load(id),
    }),
  }),
});
