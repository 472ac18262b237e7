import { builder } from '../../graphql/builder.ts';
import { KeyCountType, keyCounts } from './key-count.ts';
import {
  assetStatuses,
  attendanceRate,
  type AssetFigures,
  type AttendanceFigures,
  type JobFigures,
  type ShiftFigures,
} from './workforce-figures.ts';

export const DashboardAttendance = builder.objectRef<AttendanceFigures>('DashboardAttendance').implement({
  description: 'Who came to work on the day.',
  fields: (t) => ({
    present: t.exposeInt('present', { description: 'Came in time.' }),
    late: t.exposeInt('late', { description: 'Came late.' }),
    absent: t.exposeInt('absent', { description: 'Were expected and did not come.' }),
    onLeave: t.exposeInt('onLeave', { description: 'Were on leave, so were not expected.' }),
    rate: t.float({
      nullable: true,
      description: '(present + late) / (present + late + absent), from 0 to 1; null where nobody was expected.',
      resolve: attendanceRate,
    }),
  }),
});

export const DashboardShifts = builder.objectRef<ShiftFigures>('DashboardShifts').implement({
  description: 'The shifts of the day.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them.' }),
    staffed: t.exposeInt('staffed', { description: 'Those that somebody is to work.' }),
    vacant: t.exposeInt('vacant', { description: 'Those that nobody is to work yet.' }),
  }),
});

export const DashboardAssets = builder.objectRef<AssetFigures>('DashboardAssets').implement({
  description: 'Assets as they are now.',
  fields: (t) => ({
    total: t.exposeInt('total', { description: 'All of them, in whatever status.' }),
    byStatus: t.field({
      type: [KeyCountType],
      description: 'Every status, zero included.',
      resolve: ({ byStatus }) => keyCounts(assetStatuses, byStatus),
    }),
  }),
});

export const DashboardJobs = builder.objectRef<JobFigures>('DashboardJobs').implement({
  description: 'The jobs planned to start on the day.',
  fields: (t) => ({
    scheduled: t.exposeInt('scheduled', { description: 'All of them, done or not; cancelled ones are not counted.' }),
    completed: t.exposeInt('completed', { description: 'Those of them that are done.' }),
    missed: t.exposeInt('missed', { description: 'Those of them that were due before now and are not done.' }),
  }),
});

export const DashboardPeople = builder.objectRef<{ active: number }>('DashboardPeople').implement({
  description: 'People as they are now.',
  fields: (t) => ({
    active: t.exposeInt('active', { description: 'Active people, by home site where only some sites are counted.' }),
  }),
});
