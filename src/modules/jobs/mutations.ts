import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../../db/tables.ts';
import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from '../../errors.ts';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { mutation } from '../../graphql/mutation.ts';
import { checkReferences } from '../../graphql/references.ts';
import { mayPlace, reaches, type Viewer } from '../../graphql/viewer.ts';
import { newId } from '../../ids.ts';
import { placementOf } from './loaders.ts';
import './list.ts';

const notes = z.string().trim().max(20_000, 'Use at most 20000 characters.').nullish();

builder.relayMutationField(
  'createJob',
  {
    description: 'The job to plan.',
    inputFields: (t) => ({
      title: t.string({ required: true, description: 'What is to be done; 1 to 200 characters.' }),
      typeId: t.id({ description: 'What kind of work it is: a choice of the list JOB_TYPE.' }),
      siteId: t.id({ description: "Where it is to be done; the asset's site where not sent." }),
      assetId: t.id({ description: 'The asset it is about.' }),
      assigneeId: t.id({ description: 'Who is to do it.' }),
      scheduledFor: t.field({ type: 'DateTime', required: true, description: 'When it is planned to start.' }),
      dueAt: t.field({ type: 'DateTime', required: true, description: 'When it must be done by.' }),
      notes: t.string({ description: 'What to know about it; at most 20000 characters.' }),
    }),
  },
  {
    description: 'Plans a job.',
    authScopes: { permission: 'jobs:write' },
    errors: {},
    resolve: mutation({
      input: z
        .object({
          title: z.string().trim().min(1, 'Say what is to be done.').max(200, 'Use at most 200 characters.'),
          typeId: globalId('Choice').nullish(),
          siteId: globalId('Site').nullish(),
          assetId: globalId('Asset').nullish(),
          assigneeId: globalId('Person').nullish(),
          scheduledFor: z.date(),
          dueAt: z.date(),
          notes,
        })
        .refine(({ scheduledFor, dueAt }) => dueAt >= scheduledFor, {
          path: ['dueAt'],
          message: 'Send an instant that is not before "scheduledFor".',
        }),
      async run({ input, trx, context }) {
        const { title, typeId, siteId, assetId, assigneeId, scheduledFor, dueAt } = input;
        await checkReferences(trx, [
          {
            field: 'typeId',
            table: 'choices',
            id: typeId,
            having: { kind: 'JOB_TYPE', active: true },
            message: 'Send an active choice of the list JOB_TYPE.',
          },
          { field: 'siteId', table: 'sites', id: siteId, message: 'Send the id of a site of yours.' },
          {
            field: 'assigneeId',
            table: 'people',
            id: assigneeId,
            having: { active: true },
            message: 'Send the id of an active person.',
          },
        ]);
        const asset = assetId ? await findVisibleAsset(trx, context.viewer, assetId) : null;
        const row = {
          id: newId(),
          title,
          type_id: typeId ?? null,
          site_id: siteId ?? asset?.site_id ?? null,
          asset_id: assetId ?? null,
          assignee_id: assigneeId ?? null,
          scheduled_for: scheduledFor,
          due_at: dueAt,
          notes: input.notes || null,
          created_at: context.now,
          updated_at: context.now,
        };
        if (!mayPlace(context.viewer, 'jobs:write', placementOf(row))) throw outOfReach();
        await trx.insertInto('jobs').values(row).execute();
        return { jobId: row.id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      job: t.field({
        type: 'Job',
        nullable: true,
        description: 'The job as it was planned.',
        resolve: ({ jobId }, _args, context) => context.loaders.job.load(jobId),
      }),
    }),
  },
);

builder.relayMutationField(
  'completeJob',
  {
    description: 'The job that was done.',
    inputFields: (t) => ({
      id: t.id({ required: true, description: 'The job.' }),
      version: t.int({ required: true, description: 'The version you have seen.' }),
      notes: t.string({ description: 'What came of it; replaces the notes, which stay where this is not sent.' }),
    }),
  },
  {
    description: 'Marks a SCHEDULED job as done, now. A job that is no longer SCHEDULED is a ConflictError.',
    authScopes: { permission: 'jobs:write' },
    errors: {},
    resolve: mutation({
      input: z.object({ id: globalId('Job'), version: z.int(), notes }),
      async run({ input: { id, version, notes: outcome }, trx, context: { viewer, now } }) {
        const job = await trx.selectFrom('jobs').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
        if (!job || !reaches(viewer, 'jobs:read', placementOf(job))) throw new NotFoundError('The job');
        if (!reaches(viewer, 'jobs:write', placementOf(job))) throw outOfReach();
        if (job.version !== version) {
          throw new ConflictError('Somebody changed this job since you read it. Read it again.', job.version);
        }
        if (job.status !== 'SCHEDULED') {
          throw new ConflictError(`This job is ${job.status}: only a SCHEDULED one can be completed.`, job.version);
        }
        await trx
          .updateTable('jobs')
          .set({ status: 'COMPLETED', completed_at: now, version: version + 1, updated_at: now })
          .$if(outcome !== undefined, (query) => query.set({ notes: outcome || null }))
          .where('id', '=', id)
          .execute();
        return { jobId: id };
      },
    }),
  },
  {
    outputFields: (t) => ({
      job: t.field({
        type: 'Job',
        nullable: true,
        description: 'The job as it is now.',
        resolve: ({ jobId }, _args, context) => context.loaders.job.load(jobId),
      }),
    }),
  },
);

/** An asset out of sight is refused like one that does not exist. */
async function findVisibleAsset(trx: Kysely<Tables>, viewer: Viewer, id: string) {
  const columns = ['site_id', 'holder_id'] as const;
  const asset = await trx.selectFrom('assets').select(columns).where('id', '=', id).executeTakeFirst();
  if (asset && reaches(viewer, 'assets:read', { siteId: asset.site_id, ownerIds: [asset.holder_id] })) return asset;
  throw new ValidationError([{ field: 'assetId', message: 'Send the id of an asset that you may see.' }]);
}

const outOfReach = () =>
  new ForbiddenError('You may plan and complete jobs at your own sites only: send a siteId of yours.');
