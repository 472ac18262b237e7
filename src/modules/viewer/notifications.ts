import { z } from 'zod';
import { NotFoundError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import type { NotificationRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Notification: NotificationRow;
  }
}

builder.node('Notification', {
  description: 'Something the viewer was told; nobody sees those of others.',
  id: { resolve: (notification) => notification.id },
  loadOne: (id, context) => context.loaders.notification.load(id),
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'What happened, for a program to read.' }),
    subject: t.exposeString('subject', { description: 'What happened, for a person to read.' }),
    ticket: t.field({
      type: 'Ticket',
      nullable: true,
      description: 'The ticket it is about; null where it is about none, or you may no longer see it.',
      resolve: ({ ticket_id: id }, _args, context) => (id ? context.loaders.ticket.load(id) : null),
    }),
    readAt: t.expose('read_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was read; null while unread.',
    }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When the viewer was told.' }),
  }),
});

builder.relayMutationField(
  'markNotificationsRead',
  {
    description: 'Which notifications have been read.',
    inputFields: (t) => ({
      ids: t.idList({ description: 'At most 100; leave it out for every unread one.' }),
    }),
  },
  {
    description: "Marks the viewer's notifications as read. One that was read before keeps its time.",
    errors: {},
    resolve: mutation({
      input: z.object({ ids: z.array(globalId('Notification')).max(100, 'Send at most 100 ids.').nullish() }),
      async run({ input: { ids }, trx, context: { viewer, now } }) {
        const own = trx.selectFrom('notifications').select('id').where('person_id', '=', viewer.personId);
        if (ids && ids.length > 0) {
          const found = await own.where('id', 'in', ids).execute();
          if (found.length < new Set(ids).size) throw new NotFoundError('One of the notifications');
        }
        if (!ids || ids.length > 0) {
          await trx
            .updateTable('notifications')
            .set({ read_at: now })
            .where('person_id', '=', viewer.personId)
            .where('read_at', 'is', null)
            .$if(ids != null, (query) => query.where('id', 'in', ids ?? []))
            .execute();
        }
        return { personId: viewer.personId };
      },
    }),
  },
  {
    outputFields: (t) => ({
      viewer: t.field({
        type: 'Viewer',
        description: 'The viewer, with what is still unread.',
        resolve: (_outcome, _args, context) => context.viewer,
      }),
    }),
  },
);
