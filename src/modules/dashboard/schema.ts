import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import { globalId } from '../../graphql/global-id.ts';
import { parseInput } from '../../graphql/validation.ts';
import { DashboardTickets } from './dashboard-tickets.ts';
import {
  DashboardAssets,
  DashboardAttendance,
  DashboardJobs,
  DashboardPeople,
  DashboardShifts,
} from './dashboard-workforce.ts';
import { loadFigure } from './figures.ts';
import { scopeOf, sitesOf, type DayScope } from './scope.ts';
import { activePeople, allAssets, attendanceOnDay, shiftsOnDay } from './workforce-figures.ts';

const Dashboard = builder.objectRef<DayScope>('Dashboard').implement({
  description:
    'The desk and the workforce at a glance. A viewer limited to their own sites sees what belongs to those sites.',
  fields: (t) => ({
    tickets: t.field({ type: DashboardTickets, description: 'Tickets.', resolve: (scope) => scope }),
    attendance: t.field({
      type: DashboardAttendance,
      description: 'Who came to work on the day.',
      resolve: (scope, _args, context) => loadFigure(context, scope, attendanceOnDay),
    }),
    shifts: t.field({
      type: DashboardShifts,
      description: 'The shifts of the day.',
      resolve: (scope, _args, context) => loadFigure(context, scope, shiftsOnDay),
    }),
    assets: t.field({
      type: DashboardAssets,
      description: 'Assets as they are now, whatever the day.',
      resolve: (scope, _args, context) => loadFigure(context, sitesOf(scope), allAssets),
    }),
    jobs: t.field({
      type: DashboardJobs,
      description: 'The jobs planned to start on the day; cancelled ones are not counted.',
      resolve: (scope) => scope,
    }),
    people: t.field({
      type: DashboardPeople,
      description: 'People as they are now, whatever the day.',
      resolve: async (scope, _args, context) => ({
        active: await loadFigure(context, sitesOf(scope), activePeople),
      }),
    }),
  }),
});

const dashboardInput = z.object({
  siteId: globalId('Site').nullish(),
  date: z
    .string()
    .refine((day) => day >= '1900', 'Send a day after the year 1900.')
    .nullish(),
});

builder.queryField('dashboard', (t) =>
  t.field({
    cacheControl: { maxAge: 900, staleWhileRevalidate: 60, staleIfError: 3600 },
    type: Dashboard,
    nullable: true,
    description:
      'The figures of one day. Only what is selected is computed. NOT_FOUND for a site that does not exist, FORBIDDEN ' +
      'for one that is not yours to see.',
    authScopes: { permission: 'dashboard:read' },
    args: {
      siteId: t.arg.id({ description: 'Only this site; every site you may see where not sent.' }),
      date: t.arg({ type: 'Date', description: 'The calendar day at the tenant; today there where not sent.' }),
    },
    async resolve(_root, args, context) {
      const { siteId, date } = parseInput(dashboardInput, args);
      const scope = await scopeOf(context, siteId);
      return { ...scope, date: date ?? context.clock.today(scope.timeZone) };
    },
  }),
);
