import { builder } from '../../graphql/builder.ts';
import { loadFigure, loadPastDue } from './figures.ts';
import { KeyCountType, keyCounts } from './key-count.ts';
import type { DayScope } from './scope.ts';
import {
  assetStatuses,
  attendanceRate,
  jobsOnDay,
  missedJobs,
  type AssetFigures,
  type AttendanceFigures,
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

export const DashboardJobs = builder.objectRef<DayScope>('DashboardJobs').implement({
  description: 'The jobs planned to start on the day.',
  fields: (t) => ({
    scheduled: t.int({
      description: 'All of them, done or not; cancelled ones are not counted.',
      resolve: async (scope, _args, context) => (await loadFigure(context, scope, jobsOnDay)).scheduled,
    }),
    completed: t.int({
      description: 'Those of them that are done.',
      resolve: async (scope, _args, context) => (await loadFigure(context, scope, jobsOnDay)).completed,
    }),
    missed: t.int({
      description: 'Those of them that were due before now and are not done.',
      resolve: (scope, _args, context) => loadPastDue(context, scope, missedJobs),
    }),
  }),
});

export const DashboardPeople = builder.objectRef<{ active: number }>('DashboardPeople').implement({
  description: 'People as they are now.',
  fields: (t) => ({
    active: t.exposeInt('active', { description: 'Active people, by home site where only some sites are counted.' }),
  }),
});
