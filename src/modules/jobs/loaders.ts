import DataLoader from 'dataloader';
import { defineLoader, inOrderOf } from '../../graphql/loaders.ts';
import { reaches, type Placement } from '../../graphql/viewer.ts';
import type { JobRow } from './table.ts';

declare module '../../graphql/loaders.ts' {
  interface Loaders {
    /** Jobs the viewer may see; null for any other, as if it did not exist. */
    job: DataLoader<string, JobRow | null>;
  }
}

defineLoader(
  'job',
  ({ db, viewer }) =>
    new DataLoader<string, JobRow | null>(async (ids) => {
      const rows = await db.read.selectFrom('jobs').selectAll().where('id', 'in', ids).execute();
      const visible = rows.filter((job) => reaches(viewer, 'jobs:read', placementOf(job)));
      return inOrderOf(ids, visible, (job) => job.id);
    }),
);

/** What decides who may see and change a job. */
export function placementOf(job: Pick<JobRow, 'site_id' | 'assignee_id'>): Placement {
  return { siteId: job.site_id, ownerIds: [job.assignee_id] };
}
