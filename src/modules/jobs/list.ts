import { sql, type SelectQueryBuilder } from 'kysely';
import { z } from 'zod';
import { anyOf } from '../../db/any-of.ts';
import { instantsAround } from '../../db/due-times.ts';
import { addDays, startOfDay } from '../../db/local-day.ts';
import type { Tables } from '../../db/tables.ts';
import { builder } from '../../graphql/builder.ts';
import { endsAfterStart, notBeforeStart } from '../../graphql/calendar.ts';
import { isInstant, resolveConnection, type ConnectionOrder } from '../../graphql/connection.ts';
import type { Context } from '../../graphql/context.ts';
import { globalId } from '../../graphql/global-id.ts';
import { withinReach } from '../../graphql/reach.ts';
import { parseInput } from '../../graphql/validation.ts';
import { JobStatusEnum } from './schema.ts';
import { jobStatuses, type JobRow } from './table.ts';

const JobFilter = builder.inputType('JobFilter', {
  description: 'Which jobs; every field given must hold.',
  fields: (t) => ({
    status: t.field({ type: [JobStatusEnum], description: 'Any of these.' }),
    siteId: t.idList({ description: 'At any of these sites.' }),
    assigneeId: t.idList({ description: 'To be done by any of these people.' }),
    typeId: t.idList({ description: 'Of any of these types.' }),
    from: t.field({ type: 'Date', description: 'Scheduled on this day at the tenant, or later.' }),
    to: t.field({ type: 'Date', description: 'Scheduled on this day at the tenant, or earlier.' }),
    missed: t.boolean({ description: 'Only those missed, or only those not missed.' }),
  }),
});

const jobsInput = z.object({
  filter: z
    .object({
      status: z.array(z.enum(jobStatuses)).nullish(),
      siteId: z.array(globalId('Site')).nullish(),
      assigneeId: z.array(globalId('Person')).nullish(),
      typeId: z.array(globalId('Choice')).nullish(),
      from: z.string().nullish(),
      to: z.string().nullish(),
      missed: z.boolean().nullish(),
    })
    .refine(endsAfterStart, notBeforeStart)
    .nullish(),
});

type Jobs = SelectQueryBuilder<Tables, 'jobs', object>;
type Filter = NonNullable<z.output<typeof jobsInput>['filter']>;

const newestFirst: ConnectionOrder<JobRow> = {
  name: 'scheduledFor',
  by: sql.ref('jobs.scheduled_for'),
  valueOf: (job) => job.scheduled_for,
  accepts: isInstant,
  direction: 'desc',
};

builder.queryField('jobs', (t) =>
  t.connection(
    {
      cacheControl: { maxAge: 300 },
      type: 'Job',
      description: 'The jobs you may see, the one scheduled last first.',
      authScopes: { permission: 'jobs:read' },
      args: { filter: t.arg({ type: JobFilter, description: 'Which jobs.' }) },
      async resolve(_root, args, context, info) {
        const { filter } = parseInput(jobsInput, { filter: args.filter });
        const jobs = jobsWhere(filter ?? {}, context);
        return resolveConnection({
          args,
          info,
          order: newestFirst,
          id: sql.ref('jobs.id'),
          rows: (query) => query.selectAll('jobs'),
          filtered: filter?.missed == null ? jobs : await whereMissed(context, jobs, filter.missed),
        });
      },
    },
    { name: 'JobConnection' },
    { name: 'JobEdge' },
  ),
);

/** All of the filter but `missed`. */
function jobsWhere({ status, siteId, assigneeId, typeId, from, to }: Filter, { viewer, db }: Context): Jobs {
  const { timeZone } = viewer.tenant;
  return db.read
    .selectFrom('jobs')
    .where(withinReach(viewer, 'jobs:read', { site: 'jobs.site_id', owners: ['jobs.assignee_id'] }))
    .$if(status != null, (query) => query.where(anyOf('jobs.status', status ?? [])))
    .$if(siteId != null, (query) => query.where(anyOf('jobs.site_id', siteId ?? [])))
    .$if(assigneeId != null, (query) => query.where(anyOf('jobs.assignee_id', assigneeId ?? [])))
    .$if(typeId != null, (query) => query.where(anyOf('jobs.type_id', typeId ?? [])))
    .$if(from != null, (query) => query.where('jobs.scheduled_for', '>=', startOfDay(from ?? '', timeZone)))
    .$if(to != null, (query) => query.where('jobs.scheduled_for', '<', startOfDay(addDays(to ?? '', 1), timeZone)));
}

/** Of these jobs those that were missed, by the same rule as the field; the answer holds until one more of them is. */
async function whereMissed({ db, clock }: Context, jobs: Jobs, isWanted: boolean): Promise<Jobs> {
  const { at } = clock;
  const waiting = jobs.where('jobs.status', '=', 'SCHEDULED');
  clock.holdsAmong(await db.readValue(() => waiting.select(instantsAround('jobs.due_at', at).as('around')) as never));
  const wasMissed = sql<boolean>`(jobs.status = 'SCHEDULED' and jobs.due_at < ${at})`;
  return jobs.where(isWanted ? wasMissed : sql<boolean>`not ${wasMissed}`);
}
