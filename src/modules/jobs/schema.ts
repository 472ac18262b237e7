import { builder } from '../../graphql/builder.ts';
import './loaders.ts';
import type { JobRow } from './table.ts';

declare module '../../graphql/objects.ts' {
  interface Objects {
    Job: JobRow;
  }
}

export const JobStatusEnum = builder.enumType('JobStatus', {
  description: 'Where a job stands.',
  values: {
    SCHEDULED: { description: 'Still to be done; missed once it is past due.' },
    COMPLETED: { description: 'Done.' },
    CANCELLED: { description: 'Called off.' },
  } as const,
});

builder.node('Job', {
  description: 'Planned work: a maintenance round, an installation, a check.',
  id: { resolve: (job) => job.id },
  loadOne: (id, context) => context.loaders.job.load(id),
  fields: (t) => ({
    title: t.exposeString('title', { description: 'What is to be done.' }),
    type: t.field({
      type: 'Choice',
      nullable: true,
      description: 'What kind of work it is.',
      resolve: ({ type_id: id }, _args, context) => (id ? context.loaders.choice.load(id) : null),
    }),
    site: t.field({
      type: 'Site',
      nullable: true,
      description: 'Where it is to be done.',
      resolve: ({ site_id: id }, _args, context) => (id ? context.loaders.site.load(id) : null),
    }),
    asset: t.field({
      type: 'Asset',
      nullable: true,
      description: 'The asset it is about; null where it is about none that you may see.',
      resolve: ({ asset_id: id }, _args, context) => (id ? context.loaders.asset.load(id) : null),
    }),
    assignee: t.field({
      type: 'Person',
      nullable: true,
      description: 'Who is to do it.',
      resolve: ({ assignee_id: id }, _args, context) => (id ? context.loaders.person.load(id) : null),
    }),
    status: t.expose('status', { type: JobStatusEnum, description: 'Where it stands.' }),
    scheduledFor: t.expose('scheduled_for', { type: 'DateTime', description: 'When it is planned to start.' }),
    dueAt: t.expose('due_at', { type: 'DateTime', description: 'When it must be done by.' }),
    missed: t.boolean({
      description: 'Whether it is still SCHEDULED although it was due.',
      resolve: (job, _args, { clock }) => job.status === 'SCHEDULED' && clock.isPast(job.due_at),
    }),
    completedAt: t.expose('completed_at', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was done; null unless it is COMPLETED.',
    }),
    notes: t.exposeString('notes', { nullable: true, description: 'What to know about it, or what came of it.' }),
    createdAt: t.expose('created_at', { type: 'DateTime', description: 'When it was recorded.' }),
    updatedAt: t.expose('updated_at', { type: 'DateTime', description: 'When it last changed.' }),
    version: t.exposeInt('version', { description: 'Send it back with a change, so that no change is overwritten.' }),
  }),
});
