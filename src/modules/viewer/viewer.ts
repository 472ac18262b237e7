import { sql } from 'kysely';
import { builder } from '../../graphql/builder.ts';
import { isInstant, resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import { permissionLabel, type Viewer } from '../../graphql/viewer.ts';
import type { NotificationRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Viewer: Viewer;
  }
}

const newestFirst: ConnectionOrder<NotificationRow> = {
  name: 'createdAt',
  by: sql.ref('notifications.created_at'),
  valueOf: (notification) => notification.created_at,
  direction: 'desc',
  accepts: isInstant,
};

builder.objectType('Viewer', {
  description: 'Who is asking, and what they may do.',
  fields: (t) => ({
    person: t.field({
      type: 'Person',
      nullable: true,
      description: 'The person who is asking.',
      resolve: ({ personId }, _args, context) => context.loaders.person.load(personId),
    }),
    tenant: t.field({
      type: 'Tenant',
      description: 'The organisation they belong to.',
      resolve: ({ tenant }) => tenant,
    }),
    roles: t.field({
      type: ['Role'],
      description: 'Their roles, by key.',
      resolve: async ({ personId }, _args, context) => (await context.loaders.memberships.load(personId))?.roles ?? [],
    }),
    permissions: t.stringList({
      description:
        'What they may do, in order: `tickets:read` for the whole tenant, `tickets:read:sites` at their own sites, ' +
        '`tickets:read:own` for their own records.',
      resolve: ({ permissions }) =>
        [...permissions].map(([permission, reach]) => permissionLabel(permission, reach)).toSorted(),
    }),
    preferences: t.field({
      type: 'Preferences',
      description: 'What they have set for themselves.',
      resolve: ({ personId }, _args, context) => context.loaders.preferences.load(personId),
    }),
    unreadNotifications: t.int({
      description: 'How many notifications they have not read.',
      resolve: async ({ personId }, _args, { db }) => {
        const { unread } = await db.read
          .selectFrom('notifications')
          .select(sql<number>`count(*)`.as('unread'))
          .where('person_id', '=', personId)
          .where('read_at', 'is', null)
          .executeTakeFirstOrThrow();
        return unread;
      },
    }),
    notifications: t.connection(
      {
        type: 'Notification',
        description: 'What they were told, the newest first.',
        args: {
          unreadOnly: t.arg.boolean({ defaultValue: false, description: 'Whether to leave out those that were read.' }),
        },
        resolve: ({ personId }, args, { db }, info) =>
          resolveConnection({
            args,
            info,
            order: newestFirst,
            id: sql.ref('notifications.id'),
            rows: (query) => query.selectAll('notifications'),
            filtered: db.read
              .selectFrom('notifications')
              .where('notifications.person_id', '=', personId)
              .$if(Boolean(args.unreadOnly), (query) => query.where('notifications.read_at', 'is', null)),
          }),
      },
      { name: 'NotificationConnection' },
      { name: 'NotificationEdge' },
    ),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    cacheControl: { maxAge: 1800 },
    type: 'Viewer',
    description: 'Who is asking, and what they may do.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);
