import { builder } from '../../graphql/builder.ts';
import './add-ticket-comment.ts';
import './assign-ticket.ts';
import './bulk-update-tickets.ts';
import './comments.ts';
import './create-ticket.ts';
import './delete-ticket.ts';
import { TicketPriorityEnum, TicketSourceEnum, TicketStatusEnum } from './enums.ts';
import './events.ts';
import './loaders.ts';
import './queries.ts';
import type { TicketRow } from './table.ts';
import './transition-ticket.ts';
import './update-ticket.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Ticket: TicketRow;
  }
}

builder.node('Ticket', {
  description: 'Something somebody needs help with.',
  id: { resolve: (ticket) => ticket.id },
  loadOne: (id, context) => context.loaders.ticket.load(id),
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Its number, unique within the tenant, counted up from 1.' }),
    title: t.exposeString('title', { description: 'What it is about, in one line.' }),
    description: t.exposeString('description', { description: 'The whole story; may be empty.' }),
    status: t.expose('status', { type: TicketStatusEnum, description: 'Where it stands.' }),
    priority: t.expose('priority', { type: TicketPriorityEnum, description: 'How soon it must be looked after.' }),
    source: t.expose('source', { type: TicketSourceEnum, description: 'How it reached the desk.' }),
    category: t.field({
      type: 'Choice',
      nullable: true,
      description: 'What kind of thing it is about.',
      resolve: ({ category_id: id }, _args, context) => (id ? context.loaders.choice.load(id) : null),
    }),
    site: t.field({
      type: 'Site',
      nullable: true,
      description: 'Where help is needed.',
      resolve: ({ site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
    customer: t.field({
      type: 'Customer',
      nullable: true,
      description: 'Whom it is for, where that is somebody outside the tenant.',
      resolve: ({ customer_id: id }, _args, context) => (id ? context.loaders.customer.load(id) : null),
    }),
    asset: t.field({
      type: 'Asset',
      nullable: true,
      description: 'The thing it is about; null also where you may not see that asset.',
      resolve: ({ asset_id: id }, _args, context) => (id ? context.loaders.asset.load(id) : null),
    }),
    reporter: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who asked for help.',
      resolve: ({ reporter_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    assignee: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who looks after it; null while nobody does.',
      resolve: ({ assignee_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    team: t.field({
      type: 'Team',
      nullable: true,
      description: 'The team that looks after it.',
      resolve: ({ team_id: id }, _args, context) => (id ? context.loaders.team.load(id) : null),
    }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was opened.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed or was commented on.' }),
    dueAt: t.expose('due_at', { type: 'DateTime', nullable: true, description: 'When it ought to be solved.' }),
    resolvedAt: t.expose('resolved_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was solved; null where it was closed without, or taken up again.',
    }),
    closedAt: t.expose('closed_at', { type: 'DateTime', nullable: true, description: 'When it was closed.' }),
    overdue: t.boolean({
      description: 'Whether it is due and neither solved nor closed.',
      resolve: ({ status, due_at: dueAt }, _args, { clock }) =>
        status !== 'RESOLVED' && status !== 'CLOSED' && dueAt !== null && clock.isPast(dueAt),
    }),
    version: t.exposeInt('version', {
      description: 'Send it back with an update, so that no change is overwritten. Comments leave it as it is.',
    }),
  }),
});
